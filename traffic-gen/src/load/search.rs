//! `--find-max`: a bisection for the highest sustained rate.

use std::time::Duration;

use super::Options;
use super::report::{Report, Step, Throughput};
use super::watch::{between, look};
use super::worker::{Load, Pacing};
use crate::console::Console;

/// Number of bisections: the result is within 1/64 of the closed loop's throughput.
const BISECTIONS: usize = 6;

/// The connections are the limit if the search ends at least this close to the closed loop's
/// throughput.
const NEAR_UPPER_BOUND: f64 = 0.7;

/// The server is not the limit if the latency of the closed loop, in which all connections are
/// busy, is at most this many times that at half the rate.
const AS_FAST: f64 = 1.5;

/// The share of due requests that must be answered for a rate to count as sustained.
const ANSWERED_SHARE: f64 = 0.98;

/// Searches between 0 and the throughput of a closed loop, or the given rate.
pub(super) async fn highest_rate(
    load: &Load,
    options: &Options,
    seed: u64,
    console: &Console,
) -> Report {
    console.note("closed loop, to find an upper bound");
    let measured = load.measure(Pacing::Closed, console).await;
    let measured = measured.throughput(Pacing::Closed, load);
    let mut kept = 0.0;
    let mut too_much = options.up_to.unwrap_or(measured.requests_per_second);
    let mut steps = Vec::new();
    for bisection in 1..=BISECTIONS {
        let rate = f64::midpoint(kept, too_much);
        if load.stop.is_requested() || rate <= 0.0 {
            break;
        }
        console.note(&format!("{bisection} of {BISECTIONS}: {rate:.0}/s"));
        let pacing = Pacing::Open(rate);
        let before = look(&options.watch).await;
        let step = load.measure(pacing, console).await;
        let after = look(&options.watch).await;
        let step = step.throughput(pacing, load);
        let is_kept = !load.stop.is_requested()
            && is_kept(&step, rate * load.duration.as_secs_f64(), options.max_p99);
        if is_kept {
            kept = rate;
        } else {
            too_much = rate;
        }
        steps.push(Step {
            measured: step,
            kept: is_kept,
            components: between(&options.watch, &before, &after),
        });
    }
    Report {
        seed,
        interrupted: load.stop.is_requested(),
        searched: true,
        // With another upper bound, the first step says nothing about half of the closed loop.
        limited_by_connections: options.up_to.is_none()
            && is_limited_by_connections(&measured, &steps, kept),
        connections: load.connections,
        measured,
        highest_rate: (kept > 0.0).then_some(kept),
        steps,
    }
}

/// Whether more connections would carry a higher rate: the closed loop's throughput is then their
/// number divided by a latency that does not grow with the rate.
fn is_limited_by_connections(closed: &Throughput, steps: &[Step], highest_rate: f64) -> bool {
    // The first step tries half of the closed loop's throughput.
    let Some(half) = steps.first().filter(|step| step.kept) else {
        return false;
    };
    let (busy, at_half) = (closed.latency.p50_ms, half.measured.latency.p50_ms);
    highest_rate >= closed.requests_per_second * NEAR_UPPER_BOUND && busy <= at_half * AS_FAST
}

/// Compares the number of answers with the number of due requests, and ignores when the last answer
/// came. p99 judges latency; otherwise no rate could pass on a server that takes a second.
fn is_kept(step: &Throughput, due: f64, max_p99: Duration) -> bool {
    step.failed == 0
        && step.answered > 0
        && step.answered as f64 >= due.floor() * ANSWERED_SHARE
        && step.latency.p99_ms <= max_p99.as_secs_f64() * 1000.0
}
