#!/usr/bin/env bash
# A bucket's label as a person reads it on /metrics is not the one that is stored. The `prometheus`
# crate 0.14.0 (crates.io) writes le="1" in the text format; the text parser of Prometheus 3.16
# (Go module github.com/prometheus/prometheus v0.316.0, model/textparse) turns it into le="1.0"
# while it reads the page, but only below a `# TYPE ... histogram` line. A selector copied from the
# page, http_bucket{le="1"}, therefore finds nothing, and recording rules written for Prometheus 2
# silently become empty.
#
# Seen on 2026-11-29:
#   page:                 seconds_bucket{le="0.25"} seconds_bucket{le="1"} seconds_bucket{le="10"}
#   parsed:               le="0.25" le="1.0" le="10.0" le="+Inf"
#   parsed without TYPE:  le="0.25" le="1" le="10" le="+Inf"
#
# Needs cargo and go. Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"

mkdir -p page/src store
cat >page/Cargo.toml <<'TOML'
[package]
name = "page"
version = "0.0.0"
edition = "2021"

[dependencies]
prometheus = { version = "=0.14.0", default-features = false }
TOML
cat >page/src/main.rs <<'RUST'
use prometheus::{Encoder, Histogram, HistogramOpts, Registry, TextEncoder};

fn main() {
    let options = HistogramOpts::new("seconds", "How long").buckets(vec![0.25, 1.0, 10.0]);
    let histogram = Histogram::with_opts(options).unwrap();
    histogram.observe(0.5);
    let registry = Registry::new();
    registry.register(Box::new(histogram)).unwrap();
    let mut page = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut page).unwrap();
    print!("{}", String::from_utf8(page).unwrap());
}
RUST
cat >store/go.mod <<'GOMOD'
module store
go 1.25
require github.com/prometheus/prometheus v0.316.0
GOMOD
cat >store/main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

func main() {
	page, _ := io.ReadAll(os.Stdin)
	reader, err := textparse.New(page, "text/plain; version=0.0.4", labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		panic(err)
	}
	for {
		entry, err := reader.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			panic(err)
		}
		if entry == textparse.EntrySeries {
			var series labels.Labels
			reader.Labels(&series)
			if le := series.Get("le"); le != "" {
				fmt.Printf("le=%q ", le)
			}
		}
	}
}
GO
(cd page && cargo run --quiet >../page.txt)
(cd store && go mod tidy 2>/dev/null && go build -o ../parse .)
onpage=$(grep -o 'le="[^"]*"' page.txt | tr '\n' ' ')
typed=$(./parse <page.txt)
untyped=$(grep -v '^#' page.txt | ./parse)
printf 'page:    %s\nparsed:  %s\nuntyped: %s\n' "$onpage" "$typed" "$untyped"
[ "$onpage" = 'le="0.25" le="1" le="10" le="+Inf" ' ]
[ "$typed" = 'le="0.25" le="1.0" le="10.0" le="+Inf" ' ]
[ "$untyped" = "$onpage" ]
echo "as described"
