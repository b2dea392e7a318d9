#!/usr/bin/env bash
# Two parsers of PromQL disagree in both directions: promql-parser 0.11.1 (crates.io), which a Rust
# program would lint its dashboards with, and the parser of Prometheus 3.16 (Go module
# github.com/prometheus/prometheus v0.316.0) with its default options.
#
# Taken by the crate, refused by Prometheus: whatever is behind --enable-feature, such as
# limitk() and mad_over_time(), because the crate knows no feature flags; and a range of 0.
# Refused by the crate, taken by Prometheus: arithmetic and step() in a range, the `anchored`
# modifier, and digits with underscores.
#
# Seen on 2026-11-29 (taken or refused by the crate, then by Prometheus):
#   taken   refused  limitk(2, up)
#   taken   refused  mad_over_time(up[5m])
#   taken   refused  sort_by_label(up, "job")
#   taken   refused  histogram_quantiles(up, "q", 0.5, 0.9)
#   taken   refused  up[0]
#   refused taken    rate(up[2m * 3])
#   refused taken    rate(up[step()])
#   refused taken    rate(up[1m] anchored)
#   refused taken    1_000
#   taken   taken    rate(up[5m] offset 1d)      (both read it: the comparison itself works)
#   refused refused  holt_winters(up[5m], 0.5, 0.5)   (gone since Prometheus 3)
#
# So a query that lints clean with the crate can be an error panel, and a valid one can fail the
# lint. Judge queries with the parser of the version that will run them.
#
# Needs cargo and go. Exits 0 while the two still disagree in exactly this way.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"

cat >queries <<'QUERIES'
limitk(2, up)
mad_over_time(up[5m])
sort_by_label(up, "job")
histogram_quantiles(up, "q", 0.5, 0.9)
up[0]
rate(up[2m * 3])
rate(up[step()])
rate(up[1m] anchored)
1_000
rate(up[5m] offset 1d)
holt_winters(up[5m], 0.5, 0.5)
QUERIES

cat >expected <<'EXPECTED'
taken refused limitk(2, up)
taken refused mad_over_time(up[5m])
taken refused sort_by_label(up, "job")
taken refused histogram_quantiles(up, "q", 0.5, 0.9)
taken refused up[0]
refused taken rate(up[2m * 3])
refused taken rate(up[step()])
refused taken rate(up[1m] anchored)
refused taken 1_000
taken taken rate(up[5m] offset 1d)
refused refused holt_winters(up[5m], 0.5, 0.5)
EXPECTED

mkdir -p crate/src server
cat >crate/Cargo.toml <<'TOML'
[package]
name = "with-the-crate"
version = "0.0.0"
edition = "2021"

[dependencies]
promql-parser = "=0.11.1"
TOML
cat >crate/src/main.rs <<'RUST'
fn main() {
    for line in std::io::stdin().lines() {
        let taken = promql_parser::parser::parse(&line.unwrap()).is_ok();
        println!("{}", if taken { "taken" } else { "refused" });
    }
}
RUST
cat >server/go.mod <<'GOMOD'
module with-prometheus
go 1.25
require github.com/prometheus/prometheus v0.316.0
GOMOD
cat >server/main.go <<'GO'
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/prometheus/prometheus/promql/parser"
)

func main() {
	promql := parser.NewParser(parser.Options{})
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if _, err := promql.ParseExpr(lines.Text()); err != nil {
			fmt.Println("refused")
		} else {
			fmt.Println("taken")
		}
	}
}
GO
(cd crate && cargo run --quiet <../queries >../by-crate)
(cd server && go mod tidy 2>/dev/null && go run . <../queries >../by-prometheus)
paste -d ' ' by-crate by-prometheus queries | tee seen
diff expected seen && echo "as described"
