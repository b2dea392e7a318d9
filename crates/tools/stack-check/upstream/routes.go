package main

import (
	"fmt"
	"slices"

	"github.com/grafana/alloy/syntax/ast"
	"github.com/grafana/alloy/syntax/vm"
)

// receiver stands for what a component exports for others to write to.
type receiver struct{ name string }

// AlloyCapsule makes it a value that expressions hand on as it is, as Alloy's own receivers are.
func (receiver) AlloyCapsule() {}

// targets are what discovery.relabel exports: one map of labels for each container found.
type targets = []map[string]string

// found is one container that has the label.
var found = targets{{"__address__": "usage-sink:8000"}}

// routes evaluates by Alloy's own virtual machine where log lines go, for each set of containers that
// discovery can find: usage-sink with either value of LOG_ROUTES, both while one replaces the other,
// and none. Before the first look-up, a list of targets is nil.
func routes(tree *ast.File) error {
	route := attribute(tree, "loki.process.routes", "forward_to")
	if route == nil {
		return fmt.Errorf("loki.process \"routes\" has no forward_to")
	}
	for _, it := range []struct {
		usage, both targets
		want        []string
	}{
		{nil, nil, []string{"everything"}},
		{targets{}, targets{}, []string{"everything"}},
		{found, targets{}, []string{"operational", "usage"}},
		{targets{}, found, []string{"everything", "usage"}},
		{found, found, []string{"operational", "usage"}},
	} {
		got, err := evaluate(route, it.usage, it.both)
		if err != nil {
			return fmt.Errorf("forward_to of the routes: %w", err)
		}
		if !slices.Equal(got, it.want) {
			return fmt.Errorf("with %d containers labelled usage and %d usage-and-loki, lines go to %v, not to %v",
				len(it.usage), len(it.both), got, it.want)
		}
	}
	return nil
}

// evaluate is where lines go when discovery has found these containers.
func evaluate(route ast.Expr, usage, both targets) ([]string, error) {
	process := map[string]any{}
	for _, name := range []string{"usage", "everything", "operational"} {
		process[name] = map[string]any{"receiver": receiver{name}}
	}
	scope := vm.NewScope(map[string]any{
		"discovery": map[string]any{"relabel": map[string]any{
			"usage":          map[string]any{"output": usage},
			"usage_and_loki": map[string]any{"output": both},
		}},
		"loki": map[string]any{"process": process},
	})
	var receivers []receiver
	if err := vm.New(route).Evaluate(scope, &receivers); err != nil {
		return nil, err
	}
	var names []string
	for _, it := range receivers {
		names = append(names, it.name)
	}
	return names, nil
}

// attribute is the expression of an attribute in a block.
func attribute(tree *ast.File, name, key string) ast.Expr {
	for _, statement := range tree.Body {
		block, ok := statement.(*ast.BlockStmt)
		if !ok || path(block) != name {
			continue
		}
		for _, inner := range block.Body {
			if attribute, ok := inner.(*ast.AttributeStmt); ok && attribute.Name.Name == key {
				return attribute.Value
			}
		}
	}
	return nil
}
