// Reads the stack's files with the code of the programs that will read them, and says for each
// what it is: the compose file by Compose's own loader, Alloy's (see alloy.go) by Alloy's parser
// and printer, and the routing expression (see routes.go) by its virtual machine.
//
// It also renders the overlays of deploy/kubernetes and decodes their custom resources with the types
// of the Prometheus operator (see kubernetes.go).
//
//	go run . stack ROOT
//	go run . render OVERLAY
//	go run . operator FILE
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run does what the first argument names.
func run(arguments []string) error {
	if len(arguments) == 2 {
		switch path := arguments[1]; arguments[0] {
		case "stack":
			return errors.Join(compose(path), alloy(path))
		case "render":
			return render(path)
		case "operator":
			return operator(path)
		}
	}
	return errors.New("usage: upstream stack ROOT | render OVERLAY | operator FILE")
}

// compose loads the file with .env, with every stage's file, and with both, as `docker compose
// config` does: schema, interpolation, merges, references between services, networks and volumes.
func compose(root string) error {
	env := filepath.Join(root, ".env")
	stages, err := filepath.Glob(filepath.Join(root, "stack", "stages", "*.env"))
	if err != nil {
		return err
	}
	if len(stages) == 0 {
		return fmt.Errorf("there is no stack/stages/*.env")
	}
	ways := [][]string{{env}}
	for _, stage := range stages {
		ways = append(ways, []string{stage}, []string{env, stage})
	}
	for _, files := range ways {
		if err := load(root, files); err != nil {
			return err
		}
	}
	return nil
}

// load loads the file with some env files, a later one winning, and says how many containers that is.
func load(root string, envs []string) error {
	file := filepath.Join(root, "docker-compose.yml")
	options, err := cli.NewProjectOptions(
		[]string{file},
		cli.WithWorkingDirectory(root),
		cli.WithEnvFiles(envs...),
		cli.WithDotEnv,
		cli.WithProfiles([]string{"*"}),
	)
	names := ""
	for _, env := range envs {
		names += " + " + filepath.Base(env)
	}
	if err != nil {
		return fmt.Errorf("%s%s: %w", file, names, err)
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return fmt.Errorf("%s%s: %w", file, names, err)
	}
	containers := 0
	for _, service := range project.Services {
		containers += service.GetScale()
	}
	fmt.Printf("docker-compose.yml%s: %d containers\n", names, containers)
	return nil
}
