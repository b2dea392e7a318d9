//! Memory of a service, idle and after load, and its startup time.

use std::time::{Duration, Instant};

use serde::Serialize;
use testkit::Process;

use crate::measure::{Goal, median};
use crate::programs::{collector, load, service};

/// Number of starts for the startup time.
const STARTS: usize = 11;

#[derive(Debug, Serialize)]
pub(crate) struct Footprint {
    /// The largest of the three services, before any roll, in MB (10^6 bytes).
    idle_mb: f64,
    /// die-service after the load of the throughput table with traces at 100 %.
    loaded_mb: f64,
    /// Median time from exec to the first answer of `/healthz`, in milliseconds.
    ready_ms: f64,
}

pub(crate) async fn measure(seconds: u64) -> Footprint {
    let (_store, otlp) = collector().await;
    let mut idle_mb: f64 = 0.0;
    for name in ["die-service", "dice-roller", "frontend"] {
        idle_mb = idle_mb.max(resident_mb(&service(name, &[&otlp]).await).await);
    }
    let process = service("die-service", &[&otlp]).await;
    let url = process.url("/dice?identifier=fair");
    load(&url, None, Duration::from_secs(seconds)).await;
    let loaded_mb = resident_mb(&process).await;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(time_to_ready(&otlp).await);
    }
    let footprint = Footprint {
        idle_mb,
        loaded_mb,
        ready_ms: median(starts),
    };
    println!("\n{footprint:#?}");
    footprint
}

impl Footprint {
    pub(crate) fn goals(&self) -> Vec<Goal> {
        vec![
            Goal::at_most("resident memory, idle, MB", self.idle_mb, 15.0),
            Goal::at_most("resident memory after the load, MB", self.loaded_mb, 40.0),
            Goal::at_most("exec to ready, ms", self.ready_ms, 50.0),
        ]
    }
}

async fn resident_mb(process: &Process) -> f64 {
    process
        .metrics()
        .await
        .value("process_resident_memory_bytes", &[])
        / 1e6
}

async fn time_to_ready(otlp: &str) -> f64 {
    let start = Instant::now();
    let process = service("die-service", &[otlp]).await;
    let (status, _) = testkit::get(&process.url("/healthz")).await;
    assert_eq!(status, 200);
    start.elapsed().as_secs_f64() * 1e3
}
