package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/grafana/alloy/syntax/ast"
	"github.com/grafana/alloy/syntax/parser"
	"github.com/grafana/alloy/syntax/printer"
)

// alloy checks the common file with each of the routes, as Alloy puts the files of a folder together.
func alloy(root string) error {
	folder := filepath.Join(root, "stack", "alloy")
	common, err := read(filepath.Join(folder, "config.alloy"))
	if err != nil {
		return err
	}
	routes, err := filepath.Glob(filepath.Join(folder, "routes", "*.alloy"))
	if err != nil {
		return err
	}
	if len(routes) == 0 {
		return fmt.Errorf("there is no stack/alloy/routes/*.alloy")
	}
	for _, file := range routes {
		route, err := read(file)
		if err != nil {
			return err
		}
		number, err := together(common, route)
		if err != nil {
			return fmt.Errorf("config.alloy + %s: %w", filepath.Base(file), err)
		}
		fmt.Printf("config.alloy + %s: %d blocks\n", filepath.Base(file), number)
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

// together counts the blocks of files that are one configuration: each is there once, and what one
// refers to is there.
func together(files ...*ast.File) (int, error) {
	blocks := map[string]bool{}
	for _, file := range files {
		for _, statement := range file.Body {
			block, ok := statement.(*ast.BlockStmt)
			if !ok {
				return 0, fmt.Errorf("an attribute outside of all blocks")
			}
			name := strings.Join(block.Name, ".")
			if block.Label != "" {
				name += "." + block.Label
			}
			if blocks[name] {
				return 0, fmt.Errorf("%s is there twice", name)
			}
			blocks[name] = true
		}
	}
	for _, file := range files {
		found := references{}
		ast.Walk(&found, file)
		for _, name := range found {
			// The last part is what the component exports.
			component := name[:strings.LastIndex(name, ".")]
			if !blocks[component] && !strings.HasPrefix(name, "string.") {
				return 0, fmt.Errorf("there is no %s, of which something wants %s", component, name)
			}
		}
	}
	return len(blocks), nil
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
