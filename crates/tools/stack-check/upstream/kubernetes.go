package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// render writes what `kubectl kustomize` writes, for machines without kubectl.
func render(overlay string) error {
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionLegacy
	kustomizer := krusty.MakeKustomizer(options)
	resources, err := kustomizer.Run(filesys.MakeFsOnDisk(), overlay)
	if err != nil {
		return err
	}
	text, err := resources.AsYaml()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(text)
	return err
}

// custom are the kinds of the Prometheus operator, each with its own Go type.
var custom = map[string]func() any{
	"PodMonitor":     func() any { return &monitoring.PodMonitor{} },
	"ServiceMonitor": func() any { return &monitoring.ServiceMonitor{} },
	"PrometheusRule": func() any { return &monitoring.PrometheusRule{} },
}

// operator decodes the custom resources in a file of rendered documents into the types of the
// Prometheus operator. A field that the type does not have is an error.
func operator(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	found := map[string]int{}
	for _, document := range bytes.Split(text, []byte("\n---\n")) {
		var head struct{ APIVersion, Kind string }
		if err := yaml.Unmarshal(document, &head); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if !strings.HasPrefix(head.APIVersion, "monitoring.coreos.com/") {
			continue
		}
		make, known := custom[head.Kind]
		if !known {
			return fmt.Errorf("%s: %s is not a kind that this program knows", file, head.Kind)
		}
		if err := yaml.UnmarshalStrict(document, make()); err != nil {
			return fmt.Errorf("%s: %s: %w", file, head.Kind, err)
		}
		found[head.Kind]++
	}
	if len(found) == 0 {
		return fmt.Errorf("%s has no custom resource of the Prometheus operator", file)
	}
	fmt.Printf("custom resources: %v\n", found)
	return nil
}
