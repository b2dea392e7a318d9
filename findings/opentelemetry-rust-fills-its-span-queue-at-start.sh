#!/usr/bin/env bash
# opentelemetry_sdk 0.33.1 (Rust): the batch span processor takes the memory of its whole queue when
# it is built, before there is a span. The queue is a `std::sync::mpsc::sync_channel`, which writes a
# stamp into each of its slots, so that every page of it is resident at once: with a queue of 400,000
# the process grows by 144 MB, also when no span will ever be sampled. The default of 2,048 takes
# less than 1 MB.
#
# Seen on 2026-12-01, x86_64:
#   queue of 2,048: 880 kB; queue of 400,000: 143892 kB, 368 bytes for each slot
#
# Why it matters: a larger OTEL_BSP_MAX_QUEUE_SIZE is the usual advice against spans that are lost in
# a burst, and one expects to pay for it during the burst. Here it is paid at rest, by each process:
# 131,072 slots are 48 MB, more than many small services use for everything else. Size the queue by
# the memory of the container.
#
# Needs cargo, and Linux for /proc. Exits 0 while it still behaves in exactly this way.
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
opentelemetry_sdk = { version = "=0.33.1", default-features = false, features = ["trace", "testing"] }

[workspace]
TOML

cat >src/main.rs <<'RUST'
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, InMemorySpanExporter, Sampler, SdkTracerProvider,
};

/// The resident memory of this process in kB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let figure = line.and_then(|line| line.trim().strip_suffix(" kB"));
    figure.expect("a value in kB").parse().expect("a number")
}

fn main() {
    let slots: usize = std::env::args().nth(1).expect("a size").parse().expect("a number");
    let before = resident();
    let config = BatchConfigBuilder::default().with_max_queue_size(slots).build();
    let processor = BatchSpanProcessor::builder(InMemorySpanExporter::default())
        .with_batch_config(config)
        .build();
    let provider = SdkTracerProvider::builder()
        .with_sampler(Sampler::AlwaysOff)
        .with_span_processor(processor)
        .build();
    println!("{}", resident().saturating_sub(before));
    provider.shutdown().expect("it ends");
}
RUST

cargo build --quiet --release
small=$(target/release/finding 2048)
large=$(target/release/finding 400000)
each=$((large * 1024 / 400000))
echo "queue of 2,048: $small kB; queue of 400,000: $large kB, $each bytes for each slot"
test "$small" -lt 4096
test "$each" -ge 300
test "$each" -le 450
echo "opentelemetry_sdk 0.33.1 still takes the memory of its whole queue at once"
