//! How often the file of flags could not be used.

use prometheus::IntCounter;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use super::VALID;

/// A counter of the process, not of a registry.
pub(super) struct FlagReloads(IntCounter);

impl FlagReloads {
    pub(super) fn new() -> Box<Self> {
        Box::new(Self(counter()))
    }
}

fn counter() -> IntCounter {
    let counter = IntCounter::new(
        "fault_flags_reload_failures_total",
        "Versions of the file of flags that could not be used; the flags before them still apply",
    );
    counter.expect(VALID)
}

impl Collector for FlagReloads {
    fn desc(&self) -> Vec<&Desc> {
        self.0.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let counter = counter();
        counter.inc_by(faults::reload_failures());
        counter.collect()
    }
}
