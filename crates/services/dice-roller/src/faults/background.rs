//! Faults that need no request.

use faults::{Fault, Pace};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use telemetry::metrics::IntCounterVec;

/// Bytes of a MB.
const MEGABYTE: usize = 1_000_000;

/// The maximum number of series that [`Fault::LabelExplosion`] makes.
const MAX_SERIES: usize = 5_000;

/// Prepares what happens on its own while a fault is on. Series are added to `lookups`, whose labels
/// are a die and an outcome; the process is killed when more than `memory_limit` MB have leaked.
pub(crate) fn start(lookups: &IntCounterVec, memory_limit: usize) {
    faults::while_on(Fault::MemoryLeak, leak(memory_limit));
    faults::while_on(Fault::LabelExplosion, explode(lookups.clone()));
}

/// Keeps more memory with each call, until the process is killed as by the system when it runs out.
fn leak(memory_limit: usize) -> impl FnMut(Option<f64>) + Send + 'static {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    let mut pace = Pace::default();
    move |megabytes| {
        let Some(megabytes) = megabytes else {
            kept = Vec::new();
            return;
        };
        let due = pace.due(megabytes);
        // Written, because memory that was only reserved does not count.
        kept.extend((0..due).map(|_| vec![1; MEGABYTE]));
        if kept.len() > memory_limit {
            let _ = kill(Pid::this(), Signal::SIGKILL);
            // Only reached by the first process of a container, which no signal of its own kills.
            std::process::abort();
        }
    }
}

/// Adds series with names of dice that do not exist, and removes them at the end. They stay at 0, so
/// that sums remain right.
fn explode(lookups: IntCounterVec) -> impl FnMut(Option<f64>) + Send + 'static {
    const OUTCOME: &str = "success";
    let mut made: Vec<String> = Vec::new();
    let mut pace = Pace::default();
    move |per_second| {
        let Some(per_second) = per_second else {
            for name in made.drain(..) {
                // It exists unless something else has removed it.
                let _ = lookups.remove_label_values(&[&name, OUTCOME]);
            }
            return;
        };
        let due = pace.due(per_second).min(MAX_SERIES - made.len());
        for _ in 0..due {
            let name = format!("fair-{:08x}", rand::random::<u32>());
            lookups.with_label_values(&[&name, OUTCOME]);
            made.push(name);
        }
    }
}
