//! What one roll costs at different rates: CPU time, spans, log lines and bytes of each service, and
//! how many samples a scrape has. docs/scaling.md derives replicas and storage from these numbers.

use std::time::Duration;

use serde::Serialize;
use testkit::{Metrics, Process};

use crate::programs::{Load, Programs};
use crate::sink::Sink;
use crate::usage::{cpu_time, micros_each};

/// What the frontend is asked for, and how often a second. A roll takes half a second on average, and a
/// service handles 256 at once.
const LOADS: [(&str, u32); 4] = [
    ("/roll?die=fair", 10),
    ("/roll?die=fair", 100),
    ("/roll?die=fair", 400),
    ("/roll-async?die=fair&times=10", 40),
];

/// As many as a service handles at once. 400 rolls a second are 200 in flight.
const CONNECTIONS: u32 = 256;

/// Longer than the delay of the batch exporter and the buffer of log lines.
const SETTLE: Duration = Duration::from_secs(2);

/// One service under one load; numbers are for each request to the frontend.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    path: &'static str,
    /// Requests a second.
    rate: u32,
    service: &'static str,
    /// CPU time, user and system, without that of no load, in microseconds.
    cpu_us: f64,
    spans: f64,
    lines: f64,
    line_bytes: f64,
    /// Samples of a scrape, and its size.
    samples: usize,
    scrape_bytes: usize,
    resident_mb: f64,
    /// Requests answered a second, over all services.
    answers_per_second: f64,
    p99_ms: f64,
}

/// All services under all loads.
#[derive(Debug, Serialize)]
pub(crate) struct PerRoll {
    rows: Vec<Row>,
    /// Bytes of the requests to the collector for each request, by load.
    otlp_bytes: Vec<(&'static str, u32, f64)>,
}

/// Measures each load for so many seconds.
pub(crate) async fn measure(programs: &Programs, seconds: u64) -> PerRoll {
    let mut measured = PerRoll {
        rows: Vec::new(),
        otlp_bytes: Vec::new(),
    };
    for (path, rate) in LOADS {
        println!("{path}, {rate} a second, for {seconds} s");
        let sink = Sink::start().await;
        let (rows, load) = at((path, rate), seconds, programs, &sink.flag()).await;
        measured.rows.extend(rows);
        let bytes = sink.bytes() as f64 / load.answered as f64;
        measured.otlp_bytes.push((path, rate, bytes));
    }
    measured.print();
    measured
}

async fn at(
    (path, rate): (&'static str, u32),
    seconds: u64,
    programs: &Programs,
    otlp: &str,
) -> (Vec<Row>, Load) {
    let services = start(programs, otlp).await;
    let lines = services
        .each_ref()
        .map(|(_, process)| process.lines().len());
    let duration = Duration::from_secs(seconds);
    let idle = cpu_over(&services, tokio::time::sleep(duration + SETTLE)).await;
    let url = services[0].1.url(path);
    let mut found = None;
    let busy = cpu_over(&services, async {
        found = Some(programs.load_over(CONNECTIONS, &url, rate, duration).await);
        tokio::time::sleep(SETTLE).await;
    })
    .await;
    let found = found.expect("the load ran");
    let mut rows = Vec::new();
    for (index, (name, process)) in services.iter().enumerate() {
        let row = Row {
            path,
            rate,
            cpu_us: micros_each(busy[index].saturating_sub(idle[index]), found.answered),
            ..Row::counted(name, process, lines[index], &found).await
        };
        rows.push(row);
    }
    (rows, found)
}

/// The three services, each with its name; they keep their lines.
async fn start(programs: &Programs, otlp: &str) -> [(&'static str, Process); 3] {
    let dice = programs.service_heard("die-service", &[otlp]).await;
    let url = format!("--die-service-url={}", dice.url(""));
    let roller = programs.service_heard("dice-roller", &[otlp, &url]).await;
    let url = format!("--dice-roller-url={}", roller.url(""));
    let frontend = programs.service_heard("frontend", &[otlp, &url]).await;
    [
        ("frontend", frontend),
        ("dice-roller", roller),
        ("die-service", dice),
    ]
}

/// CPU time of each service while `work` runs.
async fn cpu_over(
    services: &[(&'static str, Process)],
    work: impl Future<Output = ()>,
) -> Vec<Duration> {
    let now = || services.iter().map(|(_, process)| cpu_time(process.pid()));
    let before: Vec<Duration> = now().collect();
    work.await;
    now()
        .zip(before)
        .map(|(after, before)| after - before)
        .collect()
}

impl Row {
    /// What a service counted itself; its lines after the first `skipped`.
    async fn counted(
        service: &'static str,
        process: &Process,
        skipped: usize,
        load: &Load,
    ) -> Self {
        let metrics: Metrics = process.metrics().await;
        let (_, exposition) = testkit::get(&process.url("/metrics")).await;
        let requests = load.answered as f64;
        let lines = process.lines();
        let lines = lines[skipped..].iter().map(ToString::to_string);
        let lengths: Vec<usize> = lines.map(|line| line.len() + 1).collect();
        let bytes: usize = lengths.iter().sum();
        Self {
            path: "",
            rate: 0,
            service,
            cpu_us: 0.0,
            spans: metrics.sum("telemetry_spans_total", &[]) / requests,
            lines: lengths.len() as f64 / requests,
            line_bytes: bytes as f64 / requests,
            samples: metrics.samples().len(),
            scrape_bytes: exposition.as_str().map_or(0, str::len),
            resident_mb: metrics.value("process_resident_memory_bytes", &[]) / 1e6,
            answers_per_second: load.per_second,
            p99_ms: load.p99_ms,
        }
    }
}

impl PerRoll {
    fn print(&self) {
        println!(
            "\n{:<30} {:>8} {:<11} {:>6} {:>6} {:>6} {:>10} {:>8} {:>9} {:>6} {:>9} {:>7}",
            "for each request",
            "a second",
            "service",
            "CPU µs",
            "spans",
            "lines",
            "line bytes",
            "samples",
            "scrape kB",
            "RSS MB",
            "answers/s",
            "p99 ms"
        );
        for row in &self.rows {
            println!(
                "{:<30} {:>8} {:<11} {:>6.0} {:>6.2} {:>6.2} {:>10.0} {:>8} {:>9.1} {:>6.1} {:>9.1} {:>7.0}",
                row.path,
                row.rate,
                row.service,
                row.cpu_us,
                row.spans,
                row.lines,
                row.line_bytes,
                row.samples,
                row.scrape_bytes as f64 / 1e3,
                row.resident_mb,
                row.answers_per_second,
                row.p99_ms,
            );
        }
        for (path, rate, bytes) in &self.otlp_bytes {
            println!("{path:<30} {rate:>8} {bytes:.0} bytes of OTLP");
        }
    }
}
