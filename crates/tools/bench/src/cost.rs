//! What a request costs: instructions, CPU time, memory and lost spans of each variant.

use std::time::Duration;

use crate::instructions;
use crate::measure::{median, thousands};
use crate::programs::{PATH, Programs};
use crate::sink::Sink;
use crate::table::Loaded;
use crate::usage::{cpu_time, micros_each, resident_mb};
use crate::variants::{Telemetry, Variant};

/// Load before the measured one: connections open, buffers grow.
const WARM_UP: Duration = Duration::from_millis(500);

/// How the variants are loaded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Rounds over all variants; medians count.
    pub(crate) rounds: usize,
    /// Seconds of load for each variant and round.
    pub(crate) seconds: u64,
    /// Requests a second.
    pub(crate) rate: u32,
}

/// One variant in one round.
#[derive(Debug, Clone, Copy)]
struct Round {
    cpu_us: f64,
    per_second: f64,
    idle_mb: f64,
    loaded_mb: f64,
    lost: f64,
    span_bytes: f64,
}

/// Loads all variants in turn, the first of which is the baseline.
pub(crate) async fn load(variants: &[Variant], programs: &Programs, load: Load) -> Vec<Loaded> {
    let mut measured = vec![Vec::new(); variants.len()];
    for round in 1..=load.rounds {
        println!(
            "CPU at {} requests/s: round {round} of {}",
            load.rate, load.rounds
        );
        for (variant, rounds) in variants.iter().zip(&mut measured) {
            rounds.push(one_round(variant, programs, load).await);
        }
    }
    let all = variants.iter().zip(&measured);
    all.map(|(variant, rounds)| medians(variant, rounds, &measured[0]))
        .collect()
}

/// Instructions of each variant; none if they cannot be counted here.
pub(crate) async fn count(variants: &[Variant], requests: u32) -> Vec<Option<f64>> {
    let can = instructions::check();
    if let Err(why) = &can {
        tooling::skip::skipped(why);
    }
    let sink = Sink::start().await;
    let mut counted = Vec::new();
    for variant in variants.iter().take_while(|_| can.is_ok()) {
        let command = variant.command(&sink);
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let count = instructions::count(&command, requests).await;
        println!(
            "{variant}: {} instructions a request",
            thousands(count.round() as u64)
        );
        counted.push(Some(count));
    }
    counted.resize(variants.len(), None);
    counted
}

async fn one_round(variant: &Variant, programs: &Programs, load: Load) -> Round {
    let sink = Sink::start().await;
    let process = variant.start(&sink).await;
    let url = process.url(PATH);
    let pid = process.pid();
    let idle_mb = resident_mb(&process);
    let warm = programs.load(&url, load.rate, WARM_UP).await;
    let before = cpu_time(pid);
    let duration = Duration::from_secs(load.seconds);
    let loaded = programs.load(&url, load.rate, duration).await;
    let cpu = cpu_time(pid) - before;
    let loaded_mb = resident_mb(&process);
    // Stopping it flushes every span.
    process.terminate().await;
    let requests = (warm.answered + loaded.answered) as f64;
    Round {
        cpu_us: micros_each(cpu, loaded.answered),
        per_second: loaded.per_second,
        idle_mb,
        loaded_mb,
        lost: requests - sink.spans() as f64,
        span_bytes: sink.bytes() as f64 / sink.spans() as f64,
    }
}

fn medians(variant: &Variant, rounds: &[Round], bare: &[Round]) -> Loaded {
    let of = |value: fn(&Round) -> f64| median(rounds.iter().map(value));
    let pairs = rounds.iter().zip(bare);
    let ratios = pairs.map(|(it, bare)| it.cpu_us / bare.cpu_us);
    let has_spans = matches!(variant.telemetry, Telemetry::Traces(_));
    let all = variant.telemetry == Telemetry::Traces(1.0);
    Loaded {
        cpu_us: of(|it| it.cpu_us),
        cpu_of_bare: median(ratios),
        per_second: of(|it| it.per_second),
        idle_mb: of(|it| it.idle_mb),
        loaded_mb: of(|it| it.loaded_mb),
        spans_lost: all.then(|| rounds.iter().map(|it| it.lost).sum()),
        span_bytes: has_spans.then(|| of(|it| it.span_bytes)),
    }
}
