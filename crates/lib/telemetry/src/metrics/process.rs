//! `process_*`, as Prometheus client libraries name them, read when scraped. Linux only.
//! <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>
//!
//! The collector of the `prometheus` crate counts CPU time in whole seconds, so that a process with
//! little load seems idle for minutes. This one keeps the kernel's hundredths of a second.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge};

/// Name, help and value of each gauge. CPU time is separate because it is a counter.
const GAUGES: [(&str, &str, Value); 6] = [
    (
        "process_resident_memory_bytes",
        "Resident memory size in bytes",
        |r| r.resident,
    ),
    (
        "process_virtual_memory_bytes",
        "Virtual memory size in bytes",
        |r| r.virtual_size,
    ),
    (
        "process_start_time_seconds",
        "Start time since the Unix epoch in seconds",
        |r| r.start,
    ),
    ("process_open_fds", "Number of open file descriptors", |r| {
        r.open_fds
    }),
    (
        "process_max_fds",
        "Maximum number of open file descriptors",
        |r| r.max_fds,
    ),
    ("process_threads", "Number of threads", |r| r.threads),
];

type Value = fn(&Reading) -> f64;

/// The state in `/proc/self` at one moment, in bytes, seconds and numbers.
#[derive(Default)]
struct Reading {
    cpu: f64,
    resident: f64,
    virtual_size: f64,
    start: f64,
    open_fds: f64,
    max_fds: f64,
    threads: f64,
}

/// Reads `/proc/self` when scraped.
pub(crate) struct ProcessMetrics {
    cpu: Counter,
    gauges: [Gauge; GAUGES.len()],
}

impl ProcessMetrics {
    pub(crate) fn new() -> Self {
        Self {
            cpu: cpu_seconds_total(0.0),
            gauges: GAUGES.map(|(name, help, _)| Gauge::new(name, help).expect(super::VALID)),
        }
    }
}

impl Collector for ProcessMetrics {
    fn desc(&self) -> Vec<&Desc> {
        let gauges = self.gauges.iter().flat_map(Collector::desc);
        self.cpu.desc().into_iter().chain(gauges).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let Some(reading) = read() else {
            return Vec::new();
        };
        let mut families = cpu_seconds_total(reading.cpu).collect();
        for (gauge, (_, _, value)) in self.gauges.iter().zip(GAUGES) {
            gauge.set(value(&reading));
            families.extend(gauge.collect());
        }
        families
    }
}

/// A counter cannot be set, so each scrape gets a new one.
fn cpu_seconds_total(value: f64) -> Counter {
    let name = "process_cpu_seconds_total";
    let counter = Counter::new(name, "Total user and system CPU time in seconds");
    let counter = counter.expect(super::VALID);
    counter.inc_by(value);
    counter
}

#[cfg(target_os = "linux")]
#[expect(
    clippy::cast_precision_loss,
    reason = "exact below 2^53, and no machine has more"
)]
fn read() -> Option<Reading> {
    use procfs::process::{LimitValue, Process};

    let process = Process::myself().ok()?;
    let stat = process.stat().ok()?;
    let ticks = procfs::ticks_per_second() as f64;
    let max_fds = match process.limits().ok()?.max_open_files.soft_limit {
        LimitValue::Value(limit) => limit as f64,
        LimitValue::Unlimited => f64::INFINITY,
    };
    Some(Reading {
        cpu: (stat.utime + stat.stime) as f64 / ticks,
        resident: (stat.rss * procfs::page_size()) as f64,
        virtual_size: stat.vsize as f64,
        start: procfs::boot_time_secs().ok()? as f64 + stat.starttime as f64 / ticks,
        open_fds: process.fd_count().ok()? as f64,
        max_fds,
        threads: stat.num_threads as f64,
    })
}

#[cfg(not(target_os = "linux"))]
fn read() -> Option<Reading> {
    None
}
