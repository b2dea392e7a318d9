//! Memory of the services before any request, and the time from exec to ready.

use std::time::Instant;

use serde::Serialize;

use crate::measure::{Goal, median};
use crate::programs::Programs;
use crate::sink::Sink;
use crate::usage::resident_mb;

/// Number of starts for the startup time.
const STARTS: usize = 11;

#[derive(Debug, Serialize)]
pub(crate) struct Footprint {
    /// The largest of the three services, before any roll, in MB (10^6 bytes).
    idle_mb: f64,
    /// Median time from exec to the first answer of `/healthz`, in milliseconds.
    ready_ms: f64,
}

pub(crate) async fn measure(programs: &Programs) -> Footprint {
    let otlp = Sink::start().await.flag();
    let mut idle_mb: f64 = 0.0;
    for name in ["die-service", "dice-roller", "frontend"] {
        let process = programs.service(name, &[&otlp]).await;
        idle_mb = idle_mb.max(resident_mb(&process));
    }
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(time_to_ready(programs, &otlp).await);
    }
    let footprint = Footprint {
        idle_mb,
        ready_ms: median(starts),
    };
    println!(
        "\nlargest of three services at rest: {:.1} MB; exec to ready: {:.1} ms",
        footprint.idle_mb, footprint.ready_ms
    );
    footprint
}

impl Footprint {
    pub(crate) fn goals(&self) -> Vec<Goal> {
        vec![
            Goal::at_most("resident memory, idle, MB", self.idle_mb, 15.0),
            Goal::at_most("exec to ready, ms", self.ready_ms, 50.0),
        ]
    }
}

async fn time_to_ready(programs: &Programs, otlp: &str) -> f64 {
    let start = Instant::now();
    let process = programs.service("die-service", &[otlp]).await;
    let (status, _) = testkit::get(&process.url("/healthz")).await;
    assert_eq!(status, 200);
    start.elapsed().as_secs_f64() * 1e3
}
