//! What one roll costs at different rates: CPU time, spans, log lines and bytes of each service, and
//! how many samples a scrape has. docs/scaling.md derives replicas and storage from these numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use serde::Serialize;
use testkit::{Metrics, Process};
use tokio::net::TcpListener;

use crate::programs::{Load, load};

/// Rolls a second. A roll takes half a second on average, and a service handles 256 at once.
const RATES: [u32; 3] = [10, 100, 400];

/// Longer than the delay of the batch exporter and the buffer of log lines.
const SETTLE: Duration = Duration::from_secs(2);

/// One service at one rate.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    rate: u32,
    service: &'static str,
    /// CPU time for each roll, user and system, without that of no load, in microseconds.
    cpu_us: f64,
    spans: f64,
    lines: f64,
    line_bytes: f64,
    samples: usize,
    resident_mb: f64,
    /// Whether the p99 is within the bound of the latency objective.
    is_in_time: bool,
}

/// All services at one rate.
#[derive(Debug, Serialize)]
pub(crate) struct PerRoll {
    rows: Vec<Row>,
    /// Bytes of the requests to the collector for each span, by rate.
    otlp_bytes: Vec<(u32, f64)>,
}

/// Measures each rate for so many seconds.
pub(crate) async fn measure(seconds: u64) -> PerRoll {
    let (bytes, otlp) = collector().await;
    let mut measured = PerRoll {
        rows: Vec::new(),
        otlp_bytes: Vec::new(),
    };
    for rate in RATES {
        println!("{rate} rolls/s for {seconds} s");
        let sent = bytes.load(Ordering::Relaxed);
        let rows = at(rate, seconds, &otlp).await;
        let sent = bytes.load(Ordering::Relaxed) - sent;
        let rolls = f64::from(rate) * seconds as f64;
        let spans: f64 = rows.iter().map(|row| row.spans * rolls).sum();
        measured.otlp_bytes.push((rate, sent as f64 / spans));
        measured.rows.extend(rows);
    }
    measured.print();
    measured
}

async fn at(rate: u32, seconds: u64, otlp: &str) -> Vec<Row> {
    let dice = service_heard("die-service", &[otlp]).await;
    let url = format!("--die-service-url={}", dice.url(""));
    let roller = service_heard("dice-roller", &[otlp, &url]).await;
    let url = format!("--dice-roller-url={}", roller.url(""));
    let frontend = service_heard("frontend", &[otlp, &url]).await;
    let services = [
        ("frontend", frontend),
        ("dice-roller", roller),
        ("die-service", dice),
    ];
    let duration = Duration::from_secs(seconds);
    let idle = cpu_over(&services, tokio::time::sleep(duration)).await;
    let url = services[0].1.url("/roll?die=fair");
    let mut found = None;
    let busy = cpu_over(&services, async {
        found = Some(load(&url, Some(rate), duration).await);
        tokio::time::sleep(SETTLE).await;
    })
    .await;
    let found = found.expect("the load ran");
    let mut rows = Vec::new();
    for (index, (name, process)) in services.iter().enumerate() {
        rows.push(row(rate, name, process, busy[index] - idle[index], &found).await);
    }
    rows
}

/// Keeps its lines, unlike the services of the other measurements.
async fn service_heard(name: &str, flags: &[&str]) -> Process {
    let own = ["service", name, "--listen=127.0.0.1:0"];
    Process::start(crate::programs::release("demo"), &[&own, flags].concat()).await
}

/// CPU seconds of each service while `work` runs.
async fn cpu_over(
    services: &[(&'static str, Process)],
    work: impl Future<Output = ()>,
) -> Vec<f64> {
    let before = cpu(services).await;
    work.await;
    let after = cpu(services).await;
    after.iter().zip(before).map(|(a, b)| a - b).collect()
}

async fn cpu(services: &[(&'static str, Process)]) -> Vec<f64> {
    let mut seconds = Vec::new();
    for (_, process) in services {
        let metrics = process.metrics().await;
        seconds.push(metrics.value("process_cpu_seconds_total", &[]));
    }
    seconds
}

async fn row(rate: u32, service: &'static str, process: &Process, cpu: f64, load: &Load) -> Row {
    let metrics: Metrics = process.metrics().await;
    let rolls = load.answered as f64;
    let lines: Vec<String> = process.lines().iter().map(ToString::to_string).collect();
    let bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
    Row {
        rate,
        service,
        cpu_us: cpu / rolls * 1e6,
        spans: metrics.sum("telemetry_spans_total", &[]) / rolls,
        lines: lines.len() as f64 / rolls,
        line_bytes: bytes as f64 / lines.len() as f64,
        samples: metrics.samples().len(),
        resident_mb: metrics.value("process_resident_memory_bytes", &[]) / 1e6,
        is_in_time: load.p99_ms < 1100.0,
    }
}

/// The bytes received so far, and the flag that makes a service export there.
async fn collector() -> (Arc<AtomicU64>, String) {
    let bytes = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&bytes);
    let receive = move |body: Bytes| {
        counted.fetch_add(body.len() as u64, Ordering::Relaxed);
        async {}
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let flag = format!(
        "--otlp-endpoint=http://{}",
        listener.local_addr().expect("bound")
    );
    let app = Router::new().route("/v1/traces", post(receive));
    tokio::spawn(axum::serve(listener, app).into_future());
    (bytes, flag)
}

impl PerRoll {
    fn print(&self) {
        println!(
            "\nrolls/s  service      CPU µs  spans  lines  bytes/line  samples  RSS MB  p99 < 1.1 s"
        );
        for row in &self.rows {
            println!(
                "{:>7}  {:<11}  {:>6.0}  {:>5.2}  {:>5.2}  {:>10.0}  {:>7}  {:>6.1}  {}",
                row.rate,
                row.service,
                row.cpu_us,
                row.spans,
                row.lines,
                row.line_bytes,
                row.samples,
                row.resident_mb,
                row.is_in_time,
            );
        }
        for (rate, bytes) in &self.otlp_bytes {
            println!("{rate:>7}  {bytes:.0} bytes of OTLP a span");
        }
    }
}
