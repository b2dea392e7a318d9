//! Counts lost spans at 1,000 requests per second through all three services, all sampled.

use std::time::Duration;

use serde::Serialize;
use testkit::Process;

use crate::measure::Goal;
use crate::programs::{collector, load, service};

/// Requests per second.
const RATE: u32 = 1_000;

#[derive(Debug, Serialize)]
pub(crate) struct SpanCounts {
    /// Answered requests per second.
    per_second: f64,
    /// Requests answered during the measurement, without the warm-up.
    answered: u64,
    /// Spans created by the services: exported, failed and dropped.
    made: f64,
    /// Spans counted by the receiver.
    received: f64,
}

pub(crate) async fn measure(duration: Duration) -> SpanCounts {
    println!("\n{RATE} requests/s through three services for {duration:?}");
    let (store, otlp) = collector().await;
    let die_service = service("die-service", &[&otlp]).await;
    let url = format!("--die-service-url={}", die_service.url(""));
    let dice_roller = service("dice-roller", &[&otlp, &url, "--roll-delay=0s"]).await;
    let url = format!("--dice-roller-url={}", dice_roller.url(""));
    let frontend = service("frontend", &[&otlp, &url]).await;
    let load = load(&frontend.url("/roll?die=fair"), Some(RATE), duration).await;
    let mut made = 0.0;
    for process in [&frontend, &dice_roller, &die_service] {
        made += spans_when_flushed(process).await;
    }
    let received = store.counters().spans_received as f64;
    let counts = SpanCounts {
        per_second: load.per_second,
        answered: load.answered,
        made,
        received,
    };
    println!("{counts:#?}");
    counts
}

/// All spans of a service, once its queue is empty.
async fn spans_when_flushed(process: &Process) -> f64 {
    let mut before = -1.0;
    loop {
        let spans = process.metrics().await.sum("telemetry_spans_total", &[]);
        if spans == before {
            return spans;
        }
        before = spans;
        // Twice the delay of the batch exporter.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

impl SpanCounts {
    pub(crate) fn goals(&self) -> Vec<Goal> {
        vec![
            Goal::at_least("requests/s through three services", self.per_second, 990.0),
            Goal::at_least(
                "spans created, relative to 7 per request",
                self.made / (7.0 * self.answered as f64),
                1.0,
            ),
            Goal::at_most("spans lost at that rate", self.made - self.received, 0.0),
        ]
    }
}
