#!/usr/bin/env bash
# tracing-subscriber 0.3.23: whether a disabled event costs a load of one atomic or a walk through
# all layers depends on the order of the layers. tracing remembers at each event's place in the code
# that nobody wants it. With a filter for all layers (`LevelFilter`, `EnvFilter`), and one layer that
# has a filter of its own (`with_filter`), it remembers only while no layer without a filter is
# outside of the filter: one plain layer more, which filters nothing, and the filter is asked again
# for each event. What is logged is the same, so that no test of the output notices.
#
# Seen on 2026-12-01, 1,000 disabled `debug!`, how often the filter for all layers is asked:
#   filter                                    0
#   filter, plain layer                       0
#   layer with its own filter, filter         0
#   filter, layer with its own filter         0
#   filter, layer with its own filter, plain  1000
#   layer with its own filter, filter, plain  1000
#   layer with its own filter, plain, filter  0
# (from the innermost to the outermost)
#
# Why it matters: a layer for OpenTelemetry with a filter of its own, a layer for lines, and RUST_LOG
# for both is the usual stack, and disabled `debug!` and `trace!` in dependencies are its most
# frequent events. Add the filter for all layers last.
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
tracing = { version = "=0.1.44", default-features = false, features = ["std"] }
tracing-subscriber = { version = "=0.3.23", default-features = false, features = ["std", "registry"] }

[workspace]
TOML

cat >src/main.rs <<'RUST'
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::level_filters::LevelFilter;
use tracing::subscriber::{Interest, with_default};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry;

static ASKED: AtomicUsize = AtomicUsize::new(0);

/// `LevelFilter::INFO` for all layers, which counts how often it is asked.
struct Filter;

impl<S: Subscriber> Layer<S> for Filter {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        Layer::<S>::register_callsite(&LevelFilter::INFO, metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        ASKED.fetch_add(1, Ordering::Relaxed);
        Layer::<S>::enabled(&LevelFilter::INFO, metadata, context)
    }
}

/// A layer without a filter.
struct Plain;

impl<S: Subscriber> Layer<S> for Plain {}

/// A layer with a filter of its own, which lets everything through.
fn own<S: Subscriber>() -> Filtered<Plain, LevelFilter, S> {
    Plain.with_filter(LevelFilter::TRACE)
}

fn count(name: &str, subscriber: impl Subscriber + Send + Sync) {
    ASKED.store(0, Ordering::Relaxed);
    with_default(subscriber, || {
        for _ in 0..1_000 {
            tracing::debug!("nobody wants it");
        }
    });
    println!("{name:<40}  {}", ASKED.load(Ordering::Relaxed));
}

fn main() {
    count("filter", registry().with(Filter));
    count("filter, plain layer", registry().with(Filter).with(Plain));
    count("layer with its own filter, filter", registry().with(own()).with(Filter));
    count("filter, layer with its own filter", registry().with(Filter).with(own()));
    count("filter, layer with its own filter, plain", registry().with(Filter).with(own()).with(Plain));
    count("layer with its own filter, filter, plain", registry().with(own()).with(Filter).with(Plain));
    count("layer with its own filter, plain, filter", registry().with(own()).with(Plain).with(Filter));
}
RUST

cat >expected <<'EXPECTED'
filter                                    0
filter, plain layer                       0
layer with its own filter, filter         0
filter, layer with its own filter         0
filter, layer with its own filter, plain  1000
layer with its own filter, filter, plain  1000
layer with its own filter, plain, filter  0
EXPECTED

cargo run --quiet >seen
diff expected seen
echo "tracing-subscriber 0.3.23 still asks a filter each time when a plain layer is outside of it"
