#!/usr/bin/env bash
# utoipa 6.0.0: a parameter that names its own schema is documented as optional, whatever its type
# and whatever it says itself. In a struct that derives `IntoParams`, a field of type u32 is
# `"required": true`; the same field with `#[param(schema_with = ...)]` is `"required": false`, and
# so is one with `#[param(schema_with = ..., required = true)]`: the second word is taken without an
# error and has no effect. `ToSchema`, derived on the same fields, lists all of them as required.
#
# Seen on 2026-12-01:
#   parameters: plain=true own=false own_required=false
#   schema:     plain own own_required
#
# Why it matters: a client that is generated from the document may leave out what the server
# demands, and a fuzzer that takes the document at its word (schemathesis) reports the 400 as an
# undocumented refusal. Set `required` on the finished document, or declare the parameter as a tuple.
#
# Needs cargo. Exits 0 while it still behaves in exactly this way.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src

cat >Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[dependencies]
serde_json = "=1.0.154"
utoipa = { version = "=6.0.0", default-features = false, features = ["macros"] }

[workspace]
TOML

cat >src/main.rs <<'RUST'
#![allow(dead_code)]
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{IntoParams, OpenApi, ToSchema};

fn schema() -> RefOr<Schema> {
    ObjectBuilder::new().into()
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct Parameters {
    plain: u32,
    #[param(schema_with = schema)]
    own: u32,
    #[param(schema_with = schema, required = true)]
    own_required: u32,
}

#[derive(ToSchema)]
struct Body {
    plain: u32,
    #[schema(schema_with = schema)]
    own: u32,
    #[schema(schema_with = schema, required = true)]
    own_required: u32,
}

#[utoipa::path(get, path = "/", params(Parameters), responses((status = 200, body = Body)))]
fn handler() {}

#[derive(OpenApi)]
#[openapi(paths(handler), components(schemas(Body)))]
struct Document;

fn main() {
    let document = serde_json::to_value(Document::openapi()).expect("JSON");
    let parameters = document["paths"]["/"]["get"]["parameters"].as_array().expect("a list");
    let all: Vec<String> = parameters
        .iter()
        .map(|it| format!("{}={}", it["name"].as_str().expect("text"), it["required"]))
        .collect();
    println!("parameters: {}", all.join(" "));
    let required = document["components"]["schemas"]["Body"]["required"].as_array().expect("a list");
    let all: Vec<&str> = required.iter().map(|it| it.as_str().expect("text")).collect();
    println!("schema:     {}", all.join(" "));
}
RUST

cat >expected <<'EXPECTED'
parameters: plain=true own=false own_required=false
schema:     plain own own_required
EXPECTED

cargo run --quiet >seen
diff expected seen
echo "utoipa 6.0.0 still makes parameters with a schema of their own optional"
