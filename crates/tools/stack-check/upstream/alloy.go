package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/grafana/alloy/syntax/ast"
	"github.com/grafana/alloy/syntax/parser"
	"github.com/grafana/alloy/syntax/printer"
)

// shared is the part of Alloy's configuration that Docker and Kubernetes have in common.
const shared = "stack/alloy/config.alloy"

// alloy checks Alloy's two configurations: what they share, with what finds containers under Docker
// or on Kubernetes.
func alloy(root string) error {
	for _, other := range []string{
		"stack/alloy/docker.alloy",
		"deploy/kubernetes/components/learner/kubernetes.alloy",
	} {
		tree := &ast.File{}
		for _, file := range []string{shared, other} {
			part, err := read(filepath.Join(root, file))
			if err != nil {
				return err
			}
			tree.Body = append(tree.Body, part.Body...)
		}
		number, err := whole(tree)
		if err != nil {
			return fmt.Errorf("config.alloy with %s: %w", other, err)
		}
		if err := routes(tree); err != nil {
			return fmt.Errorf("config.alloy with %s: %w", other, err)
		}
		fmt.Printf("config.alloy with %s: %d blocks, their routes\n", filepath.Base(other), number)
	}
	return nil
}

// read parses a file and compares it with how Alloy would write it.
func read(file string) (*ast.File, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	tree, err := parser.ParseFile(filepath.Base(file), source)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var written bytes.Buffer
	if err := printer.Fprint(&written, tree); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	written.WriteByte('\n')
	if !bytes.Equal(source, written.Bytes()) {
		return nil, fmt.Errorf("%s is not formatted as `alloy fmt` does it", file)
	}
	return tree, nil
}

// namespaces are those of the functions in use.
var namespaces = []string{"string", "sys"}

// whole counts the blocks of a configuration: each is there once, and what one refers to is there.
func whole(file *ast.File) (int, error) {
	blocks := map[string]bool{}
	for _, statement := range file.Body {
		block, ok := statement.(*ast.BlockStmt)
		if !ok {
			return 0, fmt.Errorf("an attribute outside of all blocks")
		}
		name := path(block)
		if blocks[name] {
			return 0, fmt.Errorf("%s is there twice", name)
		}
		blocks[name] = true
	}
	found := references{}
	ast.Walk(&found, file)
	for _, name := range found {
		// The last part is what the component exports.
		component := name[:strings.LastIndex(name, ".")]
		if !blocks[component] && !slices.Contains(namespaces, component) {
			return 0, fmt.Errorf("there is no %s, of which something wants %s", component, name)
		}
	}
	return len(blocks), nil
}

// path is a block's dotted name, with its label if it has one.
func path(block *ast.BlockStmt) string {
	name := strings.Join(block.Name, ".")
	if block.Label != "" {
		name += "." + block.Label
	}
	return name
}

// references are the dotted names of a tree's expressions.
type references []string

func (found *references) Visit(node ast.Node) ast.Visitor {
	if access, ok := node.(*ast.AccessExpr); ok {
		*found = append(*found, dotted(access))
		return nil
	}
	return found
}

func dotted(expression ast.Expr) string {
	switch it := expression.(type) {
	case *ast.AccessExpr:
		return dotted(it.Value) + "." + it.Name.Name
	case *ast.IdentifierExpr:
		return it.Ident.Name
	}
	return ""
}
