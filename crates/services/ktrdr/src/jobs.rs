//! The jobs: their parameters, and their computation in small steps.
//!
//! Jobs are pure: no clock, no network. The same job gives the same result, or fails for the same
//! reason, on every worker.

pub mod backtest;
pub mod market;
pub mod training;

use std::fmt::Display;
use std::ops::RangeInclusive;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use self::backtest::Backtest;
use self::training::Training;
use crate::protocol::OperationType;

/// A separate stream, so that simulated faults are independent of the seed's other results.
const FAULT_STREAM: u64 = 1 << 61;

/// The job of an operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(
    tag = "operation_type",
    content = "parameters",
    rename_all = "lowercase"
)]
pub enum Job {
    /// Replay a strategy
    Backtest(backtest::Parameters),
    /// Fit a model
    Training(training::Parameters),
}

/// The parameters of a [`Job`].
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Parameters {
    Backtest(backtest::Parameters),
    Training(training::Parameters),
}

impl From<Job> for Parameters {
    fn from(job: Job) -> Self {
        match job {
            Job::Backtest(parameters) => Self::Backtest(parameters),
            Job::Training(parameters) => Self::Training(parameters),
        }
    }
}

/// A parameter that is out of range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {given} is not allowed, expected {low} to {high}")]
pub struct Mistake {
    field: &'static str,
    given: String,
    low: String,
    high: String,
}

fn within<T: Copy + PartialOrd + Display>(
    field: &'static str,
    given: T,
    allowed: RangeInclusive<T>,
) -> Result<(), Mistake> {
    if allowed.contains(&given) {
        return Ok(());
    }
    Err(Mistake {
        field,
        given: given.to_string(),
        low: allowed.start().to_string(),
        high: allowed.end().to_string(),
    })
}

impl Job {
    /// The type of worker that can run it.
    #[must_use]
    pub fn operation_type(&self) -> OperationType {
        match self {
            Self::Backtest(_) => OperationType::Backtest,
            Self::Training(_) => OperationType::Training,
        }
    }

    /// # Errors
    /// [`Mistake`] for the first parameter that is out of range.
    pub fn check(&self) -> Result<(), Mistake> {
        match self {
            Self::Backtest(parameters) => parameters.check(),
            Self::Training(parameters) => parameters.check(),
        }
    }

    /// The number of days or epochs.
    fn length(&self) -> u32 {
        match self {
            Self::Backtest(parameters) => parameters.days,
            Self::Training(parameters) => parameters.epochs,
        }
    }

    fn seed(&self) -> u32 {
        match self {
            Self::Backtest(parameters) => parameters.seed,
            Self::Training(parameters) => parameters.seed,
        }
    }
}

/// A running job. Its steps block, so it needs a thread on which that is allowed.
#[derive(Debug)]
pub(crate) struct Computation {
    kind: Kind,
    done: u32,
    length: u32,
    /// The step at which a simulated fault occurs.
    fault: Option<u32>,
}

#[derive(Debug)]
enum Kind {
    Backtest(Backtest),
    Training(Training),
}

/// The state of a computation.
#[derive(Debug)]
pub(crate) enum Step {
    /// Running; the share that is done, 0 to 1.
    Going(f64),
    /// Done, with its result.
    Done(Value),
    /// Failed, with the reason.
    Failed(String),
}

impl Computation {
    /// Jobs fail for a share of all seeds, `failure_share`, 0 to 1.
    pub(crate) fn new(job: &Job, failure_share: f64) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(FAULT_STREAM + u64::from(job.seed()));
        let length = job.length();
        Self {
            kind: match job {
                Job::Backtest(parameters) => Kind::Backtest(Backtest::new(parameters)),
                Job::Training(parameters) => Kind::Training(Training::new(parameters)),
            },
            done: 0,
            length,
            fault: random
                .random_bool(failure_share)
                .then(|| random.random_range(0..length)),
        }
    }

    /// Computes up to `steps` days or epochs.
    pub(crate) fn advance(&mut self, steps: u32) -> Step {
        for _ in 0..steps.min(self.length - self.done) {
            if self.fault == Some(self.done) {
                return Step::Failed(self.simulated_fault());
            }
            self.done += 1;
            match &mut self.kind {
                Kind::Backtest(backtest) => backtest.day(),
                Kind::Training(training) => {
                    if let Err(reason) = training.epoch() {
                        return Step::Failed(reason);
                    }
                }
            }
        }
        if self.done < self.length {
            return Step::Going(f64::from(self.done) / f64::from(self.length));
        }
        Step::Done(match &self.kind {
            Kind::Backtest(backtest) => backtest.result(),
            Kind::Training(training) => training.result(),
        })
    }

    fn simulated_fault(&self) -> String {
        let at = self.done + 1;
        match self.kind {
            Kind::Backtest(_) => format!("simulated fault: the price feed broke off on day {at}"),
            Kind::Training(_) => format!("simulated fault: unreadable data in epoch {at}"),
        }
    }
}
