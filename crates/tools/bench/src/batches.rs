//! The overhead of concurrency: a batch should take as long as its slowest roll.

use serde::Serialize;

use crate::measure::{Goal, quantile};
use crate::programs::{collector, service};

/// Number of batches.
const BATCHES: usize = 200;

#[derive(Debug, Serialize)]
pub(crate) struct Overhead {
    /// Median of batch time minus slowest roll, in milliseconds.
    p50_ms: f64,
    /// 99 % of the batches take no more.
    p99_ms: f64,
}

pub(crate) async fn measure() -> Overhead {
    let (store, otlp) = collector().await;
    let roller = service("dice-roller", &["--roll-delay=100ms", &otlp]).await;
    for _ in 0..BATCHES {
        let (status, body) = testkit::get(&roller.url("/roll-async?die=fair&times=20")).await;
        assert_eq!(status, 200, "{body}");
    }
    // Stopping it flushes every span.
    roller.terminate().await;
    let overheads: Vec<f64> = store
        .traces()
        .iter()
        .map(|trace| {
            let longest = |prefix: &str| {
                let spans = trace.spans().iter();
                let spans = spans.filter(|span| span.name().starts_with(prefix));
                spans
                    .map(|span| span.duration_nanos())
                    .max()
                    .expect("in every trace")
            };
            (longest("GET /roll-async") - longest("async_roll_")) as f64 / 1e6
        })
        .collect();
    assert_eq!(overheads.len(), BATCHES);
    let overhead = Overhead {
        p50_ms: quantile(overheads.iter().copied(), 0.5),
        p99_ms: quantile(overheads, 0.99),
    };
    println!("\n{overhead:#?}");
    overhead
}

impl Overhead {
    pub(crate) fn goals(&self) -> Vec<Goal> {
        vec![Goal::at_most(
            "/roll-async minus its slowest roll, p99, ms",
            self.p99_ms,
            5.0,
        )]
    }
}
