//! The probes of one die, at its pace, and what is learned from them.

use std::time::Duration;

use dice::Die;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::fairness::{ALARM, Fairness};
use crate::metrics::Metrics;
use crate::pace::Pace;
use crate::probe::{Outcome, Probe, Result};

/// Probes of a die in flight at once. A roll usually ends before the next probe starts; probes of a
/// system that does not answer must not pile up.
const MAX_IN_FLIGHT: usize = 4;

/// One die under observation.
pub(crate) struct Watch {
    die: String,
    fairness: Fairness,
    metrics: Metrics,
    is_up: bool,
    is_fair: bool,
}

impl Watch {
    /// Creates the series of the die.
    pub(crate) fn new(die: &Die, metrics: Metrics) -> Self {
        metrics.begin(&die.identifier);
        Self {
            die: die.identifier.clone(),
            fairness: Fairness::new(&die.specification),
            metrics,
            is_up: true,
            is_fair: true,
        }
    }

    /// Sends probes until dropped, the first one after `offset`.
    pub(crate) async fn run(mut self, probe: Probe, pace: Pace, offset: Duration) {
        sleep(offset).await;
        let mut ticks = interval(pace.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut in_flight = JoinSet::new();
        loop {
            tokio::select! {
                _ = ticks.tick(), if in_flight.len() < MAX_IN_FLIGHT => {
                    in_flight.spawn(probe.clone().send());
                }
                Some(Ok(result)) = in_flight.join_next() => self.learn(result),
            }
        }
    }

    fn learn(&mut self, mut result: Result) {
        for roll in std::mem::take(&mut result.rolls) {
            if self.fairness.record(roll).is_err() {
                result.outcome = Outcome::InvalidAnswer;
                result.cause = format!("the die has no face {roll}");
            }
        }
        let seconds = result.duration.as_secs_f64();
        self.metrics.probed(&self.die, result.outcome, seconds);
        // The line has the id of the probe's trace.
        let span = result.span.clone();
        span.in_scope(|| self.log_availability(&result));
        let (rolls, p_value) = (self.fairness.rolls(), self.fairness.p_value());
        self.metrics.fairness(&self.die, rolls, p_value);
        self.log_fairness(rolls, p_value);
    }

    /// Logs the first failure of a series of failures, and its end.
    fn log_availability(&mut self, result: &Result) {
        let is_up = result.outcome.is_success();
        if is_up == self.is_up {
            return;
        }
        self.is_up = is_up;
        let (die_type, outcome) = (&self.die, result.outcome.name());
        match is_up {
            true => tracing::info!(die_type, outcome, "Probes succeed again"),
            false => tracing::warn!(die_type, outcome, cause = result.cause, "Probe failed"),
        }
    }

    fn log_fairness(&mut self, rolls: usize, p_value: f64) {
        let is_fair = p_value >= ALARM;
        if is_fair == self.is_fair {
            return;
        }
        self.is_fair = is_fair;
        let die_type = &self.die;
        match is_fair {
            true => tracing::info!(
                die_type,
                p_value,
                rolls,
                "Rolls match the specification again"
            ),
            false => tracing::warn!(
                die_type,
                p_value,
                rolls,
                "Rolls do not match the die's specification"
            ),
        }
    }
}
