//! The memory of a roll in flight: how much each service grows while so many clients wait for a roll,
//! each on a connection of its own, and what it keeps when they have left.

use std::time::Duration;

use serde::Serialize;
use testkit::Process;

use crate::programs::Programs;
use crate::sink::Sink;
use crate::usage::{megabytes, resident_mb};

/// Clients that wait at once.
const CLIENTS: [u32; 2] = [300, 1_000];

/// More than clients, so that none is answered 503.
const LIMITS: [&str; 2] = ["--max-in-flight=2000", "--max-connections=3000"];

/// How long clients wait: a second on average.
const DELAY: &str = "--roll-delay=2s";

/// Longer than the allocator keeps free memory.
const SETTLE: Duration = Duration::from_secs(3);

/// One service with so many clients.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    clients: u32,
    service: &'static str,
    /// Resident memory in MB (10^6 bytes): before the first roll, at most, and after the last.
    idle_mb: f64,
    peak_mb: f64,
    after_mb: f64,
    /// Growth for each client in kB (10^3 bytes).
    each_kb: f64,
}

/// Measures with each number of clients for so many seconds.
pub(crate) async fn measure(programs: &Programs, seconds: u64) -> Vec<Row> {
    let mut rows = Vec::new();
    for clients in CLIENTS {
        rows.extend(with(clients, seconds, programs).await);
    }
    print(&rows);
    rows
}

async fn with(clients: u32, seconds: u64, programs: &Programs) -> Vec<Row> {
    println!("{clients} clients for {seconds} s");
    let otlp = Sink::start().await.flag();
    let services = start(programs, &otlp).await;
    tokio::time::sleep(SETTLE).await;
    let resident = || services.iter().map(|(_, it)| resident_mb(it));
    let idle: Vec<f64> = resident().collect();
    let url = services[0].1.url("/roll?die=fair");
    let duration = Duration::from_secs(seconds);
    programs.load_closed(clients, &url, duration).await;
    tokio::time::sleep(SETTLE).await;
    let measured = services.iter().zip(idle).zip(resident());
    let rows = measured.map(|(((service, process), idle_mb), after_mb)| {
        let peak_mb = megabytes(process.memory().peak);
        Row {
            clients,
            service,
            idle_mb,
            peak_mb,
            after_mb,
            each_kb: (peak_mb - idle_mb) * 1e3 / f64::from(clients),
        }
    });
    rows.collect()
}

/// The three services, each with its name, the frontend first.
async fn start(programs: &Programs, otlp: &str) -> [(&'static str, Process); 3] {
    let [in_flight, connections] = LIMITS;
    let limited = [otlp, in_flight, connections];
    let dice = programs.service("die-service", &limited).await;
    let url = format!("--die-service-url={}", dice.url(""));
    let roller = [&limited[..], &[&url, DELAY]].concat();
    let roller = programs.service("dice-roller", &roller).await;
    let url = format!("--dice-roller-url={}", roller.url(""));
    let frontend = [&limited[..], &[&url]].concat();
    let frontend = programs.service("frontend", &frontend).await;
    [
        ("frontend", frontend),
        ("dice-roller", roller),
        ("die-service", dice),
    ]
}

fn print(rows: &[Row]) {
    println!(
        "\n{:>7} {:<11} {:>8} {:>8} {:>8} {:>14}",
        "clients", "service", "idle MB", "peak MB", "after MB", "kB each client"
    );
    for row in rows {
        println!(
            "{:>7} {:<11} {:>8.1} {:>8.1} {:>8.1} {:>14.1}",
            row.clients, row.service, row.idle_mb, row.peak_mb, row.after_mb, row.each_kb
        );
    }
}
