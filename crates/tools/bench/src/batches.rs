//! Batches of 20 concurrent rolls, the largest: how much longer one takes than its slowest roll, and what it
//! costs dice-roller.

use std::time::Duration;

use mini_tempo::Store;
use serde::Serialize;
use tokio::net::TcpListener;

use crate::measure::{Goal, quantile};
use crate::programs::Programs;
use crate::sink::Sink;
use crate::usage::{cpu_time, micros_each};

/// Number of batches whose time is measured.
const BATCHES: usize = 200;

/// Requests a second for the CPU time.
const RATE: u32 = 200;

const BATCH: &str = "/roll-async?die=fair&times=20";

#[derive(Debug, Serialize)]
pub(crate) struct Batches {
    /// Median of batch time minus slowest roll, in milliseconds.
    overhead_p50_ms: f64,
    /// 99 % of the batches take no more.
    overhead_p99_ms: f64,
    /// CPU time of dice-roller for a single roll that takes no time, at 200 a second, in microseconds.
    roll_cpu_us: f64,
    /// The same for a batch of 20.
    batch_cpu_us: f64,
}

pub(crate) async fn measure(programs: &Programs, seconds: u64) -> Batches {
    let overheads = overheads(programs).await;
    let batches = Batches {
        overhead_p50_ms: quantile(overheads.iter().copied(), 0.5),
        overhead_p99_ms: quantile(overheads, 0.99),
        roll_cpu_us: cpu_us(programs, "/roll?die=fair", seconds).await,
        batch_cpu_us: cpu_us(programs, BATCH, seconds).await,
    };
    println!(
        "\nbatch of 20: {:.2} ms (median) and {:.2} ms (p99) longer than its slowest roll; CPU of dice-roller: \
         {:.0} µs, of a single roll {:.0} µs",
        batches.overhead_p50_ms, batches.overhead_p99_ms, batches.batch_cpu_us, batches.roll_cpu_us
    );
    batches
}

async fn overheads(programs: &Programs) -> Vec<f64> {
    let (store, otlp) = collector().await;
    let flags = ["--roll-delay=100ms", &otlp];
    let roller = programs.service("dice-roller", &flags).await;
    for _ in 0..BATCHES {
        let (status, body) = testkit::get(&roller.url(BATCH)).await;
        assert_eq!(status, 200, "{body}");
    }
    // Stopping it flushes every span.
    roller.terminate().await;
    let traces = store.traces();
    let overheads = traces.iter().map(|trace| {
        let longest = |prefix: &str| {
            let spans = trace.spans().iter();
            let spans = spans.filter(|span| span.name().starts_with(prefix));
            spans
                .map(|span| span.duration_nanos())
                .max()
                .expect("in every trace")
        };
        (longest("GET /roll-async") - longest("async_roll_")) as f64 / 1e6
    });
    let overheads: Vec<f64> = overheads.collect();
    assert_eq!(overheads.len(), BATCHES);
    overheads
}

/// CPU time of dice-roller, with die-service behind it, for each request.
async fn cpu_us(programs: &Programs, path: &str, seconds: u64) -> f64 {
    let otlp = Sink::start().await.flag();
    let dice = programs.service("die-service", &[&otlp]).await;
    let url = format!("--die-service-url={}", dice.url(""));
    let flags = [&otlp, &url, "--roll-delay=0s"];
    let roller = programs.service("dice-roller", &flags).await;
    let url = roller.url(path);
    programs.load(&url, RATE, Duration::from_secs(1)).await;
    let before = cpu_time(roller.pid());
    let load = programs.load(&url, RATE, Duration::from_secs(seconds));
    let answered = load.await.answered;
    micros_each(cpu_time(roller.pid()) - before, answered)
}

/// A trace store, and the flag that makes a service export to it.
async fn collector() -> (Store, String) {
    let store = Store::new(100_000);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let flag = format!(
        "--otlp-endpoint=http://{}",
        listener.local_addr().expect("bound")
    );
    tokio::spawn(axum::serve(listener, mini_tempo::receiver(store.clone())).into_future());
    (store, flag)
}

impl Batches {
    pub(crate) fn goals(&self) -> Vec<Goal> {
        vec![
            Goal::at_most(
                "/roll-async minus its slowest roll, p99, ms",
                self.overhead_p99_ms,
                5.0,
            ),
            Goal::at_most(
                "CPU of a batch of 20, of a single roll",
                self.batch_cpu_us / self.roll_cpu_us,
                2.5,
            ),
        ]
    }
}
