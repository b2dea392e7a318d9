//! Counts lost spans under steady load, every trace recorded: at 1,000 requests a second through all
//! three services, and at 5,000 to die-service alone.

use std::time::Duration;

use serde::Serialize;
use testkit::Process;

use crate::measure::Goal;
use crate::programs::{Load, PATH, Programs};
use crate::sink::Sink;

/// Longer than the delay of the batch exporter.
const SETTLE: Duration = Duration::from_secs(1);

#[derive(Debug, Serialize)]
pub(crate) struct SpanCounts {
    what: &'static str,
    /// Requests a second that were due.
    rate: u32,
    /// Answered requests per second.
    per_second: f64,
    answered: u64,
    /// Spans of each answered request.
    spans_each: f64,
    /// Spans created by the services: exported, failed and dropped.
    made: f64,
    /// Spans that arrived at the collector.
    received: f64,
}

pub(crate) async fn measure(programs: &Programs, duration: Duration) -> Vec<SpanCounts> {
    let counts = vec![
        through_all(programs, duration).await,
        through_one(programs, duration).await,
    ];
    println!("\nSteady load for {duration:?}, every trace recorded");
    println!(
        "{:<18} {:>6} {:>10} {:>9} {:>9} {:>9}",
        "", "rate", "answers/s", "answered", "spans", "arrived"
    );
    for it in &counts {
        let SpanCounts {
            what,
            rate,
            per_second,
            answered,
            made,
            received,
            ..
        } = it;
        println!(
            "{what:<18} {rate:>6} {per_second:>10.0} {answered:>9} {made:>9.0} {received:>9.0}"
        );
    }
    counts
}

async fn through_all(programs: &Programs, duration: Duration) -> SpanCounts {
    const RATE: u32 = 1_000;
    let sink = Sink::start().await;
    let otlp = sink.flag();
    let die_service = programs.service("die-service", &[&otlp]).await;
    let url = format!("--die-service-url={}", die_service.url(""));
    let dice_roller = programs
        .service("dice-roller", &[&otlp, &url, "--roll-delay=0s"])
        .await;
    let url = format!("--dice-roller-url={}", dice_roller.url(""));
    let frontend = programs.service("frontend", &[&otlp, &url]).await;
    let url = frontend.url("/roll?die=fair");
    let load = programs.load(&url, RATE, duration).await;
    let services = [frontend, dice_roller, die_service];
    SpanCounts::when_flushed("three services", (RATE, 7.0), load, &services, &sink).await
}

async fn through_one(programs: &Programs, duration: Duration) -> SpanCounts {
    const RATE: u32 = 5_000;
    let sink = Sink::start().await;
    let die_service = programs.service("die-service", &[&sink.flag()]).await;
    let load = programs.load(&die_service.url(PATH), RATE, duration).await;
    SpanCounts::when_flushed("die-service", (RATE, 1.0), load, &[die_service], &sink).await
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
        tokio::time::sleep(SETTLE).await;
    }
}

impl SpanCounts {
    async fn when_flushed(
        what: &'static str,
        (rate, spans_each): (u32, f64),
        load: Load,
        services: &[Process],
        sink: &Sink,
    ) -> Self {
        let mut made = 0.0;
        for process in services {
            made += spans_when_flushed(process).await;
        }
        Self {
            what,
            rate,
            per_second: load.per_second,
            answered: load.answered,
            spans_each,
            made,
            received: sink.spans() as f64,
        }
    }

    pub(crate) fn goals(&self) -> Vec<Goal> {
        let Self {
            what, rate, made, ..
        } = self;
        let expected = self.spans_each * self.answered as f64;
        let at = format!("{what} at {rate}/s");
        let rate = f64::from(*rate);
        vec![
            Goal::at_least(
                format!("answers of those due, {at}"),
                self.per_second / rate,
                0.99,
            ),
            Goal::at_least(
                format!("spans made of those due, {at}"),
                made / expected,
                1.0,
            ),
            Goal::at_most(format!("spans lost, {at}"), made - self.received, 0.0),
        ]
    }
}
