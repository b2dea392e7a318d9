//! The service's own metrics: the probes of each known die, and its fairness.

use std::time::SystemTime;

use faults::{Fault, Flags};
use telemetry::metrics::{
    GaugeVec, IntCounterVec, IntGaugeVec, Registry, counters, float_gauges, gauges,
};

use crate::probe::Outcome;

/// The metrics. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Metrics {
    success: IntGaugeVec,
    duration: GaugeVec,
    probes: IntCounterVec,
    p_value: GaugeVec,
    rolls: IntGaugeVec,
    faults: IntGaugeVec,
}

impl Metrics {
    /// Registers the families; [`begin`](Self::begin) creates the series of a die.
    pub(crate) fn register(registry: &Registry) -> Self {
        let metrics = Self::register_families(registry);
        metrics.show_faults();
        metrics
    }

    fn register_families(registry: &Registry) -> Self {
        Self {
            faults: gauges(
                registry,
                "fault_active",
                "1 if this fault is switched on and no drill hides it, 0 otherwise",
                &["fault", "service"],
            ),
            success: gauges(
                registry,
                "probe_success",
                "1 if the last probe of the die succeeded or failed because of the die's own error rate, 0 otherwise; 1 before the first probe",
                &["die"],
            ),
            duration: float_gauges(
                registry,
                "probe_duration_seconds",
                "Duration of the last probe of the die in seconds",
                &["die"],
            ),
            probes: counters(
                registry,
                "probes_total",
                "Probes by die and outcome: success, die_error (the die's own error rate), http_error, invalid_answer, timeout or unreachable",
                &["die", "outcome"],
            ),
            p_value: float_gauges(
                registry,
                "probe_die_fairness_p_value",
                "Probability that a die that keeps to its specification differs from it at least as much as the rolls in the window; 1 while the window has too few rolls",
                &["die"],
            ),
            rolls: gauges(
                registry,
                "probe_die_window_rolls",
                "Rolls in the window of the fairness test",
                &["die"],
            ),
        }
    }

    /// Sets which faults are on, as far as that is no secret.
    pub(crate) fn show_faults(&self) {
        let read = faults::watched_file().map_or_else(|| Ok(Flags::default()), Flags::read);
        // A file that cannot be used changes nothing; the watcher of this process logs and counts it.
        let Ok(flags) = read else {
            return;
        };
        let flags = flags.in_force(SystemTime::now());
        for fault in Fault::ALL {
            let spec = fault.spec();
            let is_shown = flags.strength(fault).is_some() && !flags.is_hidden();
            let active = i64::from(is_shown);
            let labels = [spec.name, spec.service];
            self.faults.with_label_values(&labels).set(active);
        }
    }

    /// Creates the series of `die`.
    pub(crate) fn begin(&self, die: &str) {
        self.success.with_label_values(&[die]).set(1);
        self.duration.with_label_values(&[die]).set(0.0);
        for outcome in Outcome::ALL {
            self.probes.with_label_values(&[die, outcome.name()]);
        }
        self.fairness(die, 0, 1.0);
    }

    /// Counts a probe.
    pub(crate) fn probed(&self, die: &str, outcome: Outcome, seconds: f64) {
        let success = i64::from(outcome.is_success());
        self.success.with_label_values(&[die]).set(success);
        self.duration.with_label_values(&[die]).set(seconds);
        let labels = [die, outcome.name()];
        self.probes.with_label_values(&labels).inc();
    }

    /// Sets the result of the fairness test.
    pub(crate) fn fairness(&self, die: &str, rolls: usize, p_value: f64) {
        let rolls = i64::try_from(rolls).unwrap_or(i64::MAX);
        self.rolls.with_label_values(&[die]).set(rolls);
        self.p_value.with_label_values(&[die]).set(p_value);
    }

    /// Removes the series of a die that does not exist any more.
    pub(crate) fn end(&self, die: &str) {
        // They fail only if the series does not exist.
        let _ = self.success.remove_label_values(&[die]);
        let _ = self.duration.remove_label_values(&[die]);
        let _ = self.p_value.remove_label_values(&[die]);
        let _ = self.rolls.remove_label_values(&[die]);
        for outcome in Outcome::ALL {
            let _ = self.probes.remove_label_values(&[die, outcome.name()]);
        }
    }
}
