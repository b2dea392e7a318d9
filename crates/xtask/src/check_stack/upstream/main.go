// Reads the stack's files with the code of the programs that will read them, and says for each
// what it is: the compose file by Compose's own loader, Alloy's by Alloy's parser and printer.
//
//	go run . ROOT
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/grafana/alloy/syntax/parser"
	"github.com/grafana/alloy/syntax/printer"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: upstream ROOT")
		os.Exit(2)
	}
	root := os.Args[1]
	failed := false
	for _, check := range []func(string) error{compose, alloy} {
		if err := check(root); err != nil {
			fmt.Fprintln(os.Stderr, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

// compose loads the file with .env, as `docker compose config` does: schema, interpolation,
// merges, references between services, networks and volumes.
func compose(root string) error {
	file := filepath.Join(root, "docker-compose.yml")
	options, err := cli.NewProjectOptions(
		[]string{file},
		cli.WithWorkingDirectory(root),
		cli.WithEnvFiles(filepath.Join(root, ".env")),
		cli.WithDotEnv,
		cli.WithProfiles([]string{"*"}),
	)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	fmt.Printf("docker-compose.yml: %d services\n", len(project.Services))
	return nil
}

// alloy parses every file of Alloy's and compares it with how Alloy would write it.
func alloy(root string) error {
	files, err := filepath.Glob(filepath.Join(root, "stack", "alloy", "*.alloy"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("there is no stack/alloy/*.alloy")
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		tree, err := parser.ParseFile(filepath.Base(file), source)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		var written bytes.Buffer
		if err := printer.Fprint(&written, tree); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		written.WriteByte('\n')
		if !bytes.Equal(source, written.Bytes()) {
			return fmt.Errorf("%s is not formatted as `alloy fmt` does it", file)
		}
		fmt.Printf("%s: %d blocks\n", filepath.Base(file), len(tree.Body))
	}
	return nil
}
