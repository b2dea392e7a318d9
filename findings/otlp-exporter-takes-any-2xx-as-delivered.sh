#!/usr/bin/env bash
# The OTLP/HTTP span exporter of opentelemetry-otlp 0.33.1 does not read what a collector answers: any
# 2xx is success, whatever its body. Three answers that mean a loss are Ok(()) for the program:
#
#   a web page, 200 text/html    the endpoint is the port of something else; no span arrived anywhere
#   204 without a body           not an answer that OTLP defines
#   partial success, all spans   the collector understood the request and rejected every span
#     rejected
#
# The first is a common mistake (a frontend's port in OTEL_EXPORTER_OTLP_ENDPOINT), and nothing is
# logged: traces are missing, and every counter of exported spans goes up. OTLP's specification asks
# for more: a success is 200 with a body of type ExportTraceServiceResponse, and "the client MUST
# NOT retry" a partial success but can know of it by its rejected_spans.
#
# Seen on 2026-11-30:
#   200 text/html: Ok(())
#   204 empty: Ok(())
#   200 partial success, 1 rejected: Ok(())
#   500 text/html: Err(..)      (the comparison: it does look at the status)
#
# So a program that wants to know counts by an HTTP client of its own, given to `with_http_client`.
#
# Needs cargo. Exits 0 while the exporter still answers in exactly this way.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "answers"
version = "0.0.0"
edition = "2024"

[dependencies]
opentelemetry = { version = "=0.33.1", default-features = false, features = ["trace"] }
opentelemetry-otlp = { version = "=0.33.1", default-features = false, features = ["http-proto", "reqwest-blocking-client", "trace"] }
opentelemetry_sdk = { version = "=0.33.1", default-features = false, features = ["trace"] }
TOML
cat >src/main.rs <<'RUST'
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use opentelemetry::trace::{Span, Tracer, TracerProvider};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter as Export};

/// Remembers what the real exporter returned.
#[derive(Debug)]
struct Watched(SpanExporter, Arc<Mutex<Option<String>>>);

impl Export for Watched {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let result = self.0.export(batch).await;
        let short = if result.is_ok() { "Ok(())" } else { "Err(..)" };
        *self.1.lock().unwrap() = Some(short.to_owned());
        result
    }
}

/// A collector that gives every request the same answer.
fn collector(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                let lower = line.to_ascii_lowercase();
                if let Some(value) = lower.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            stream.write_all(&answer).unwrap();
        }
    });
    url
}

fn answer(status: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn main() {
    let page = b"<!doctype html><title>something else</title>";
    // ExportTraceServiceResponse { partial_success { rejected_spans: 1, error_message: "no" } }
    let partial = [0x0a, 6, 0x08, 1, 0x12, 2, b'n', b'o'];
    for (name, answer) in [
        ("200 text/html", answer("200 OK", "text/html", page)),
        ("204 empty", b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_vec()),
        (
            "200 partial success, 1 rejected",
            answer("200 OK", "application/x-protobuf", &partial),
        ),
        ("500 text/html", answer("500 Internal Server Error", "text/html", page)),
    ] {
        let seen = Arc::new(Mutex::new(None));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(collector(answer))
            .build()
            .unwrap();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(Watched(exporter, Arc::clone(&seen)))
            .build();
        provider.tracer("finding").start("roll").end();
        println!("{name}: {}", seen.lock().unwrap().as_deref().unwrap_or("nothing"));
    }
}
RUST
cat >expected <<'EXPECTED'
200 text/html: Ok(())
204 empty: Ok(())
200 partial success, 1 rejected: Ok(())
500 text/html: Err(..)
EXPECTED
export CARGO_TARGET_DIR="$folder/target" OTEL_LOG_LEVEL=off
unset HTTP_PROXY http_proxy ALL_PROXY all_proxy
cargo run --quiet >seen
diff expected seen
cat seen
