//! What the driver does next, and when; determined by the seed alone.

use std::time::Duration;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::jobs::market::Symbol;
use crate::protocol::OperationType;

/// Mean number of price requests for each operation.
const DATA_PER_OPERATION: f64 = 2.0;

/// The share of started operations that are cancelled.
const CANCELLED: f64 = 0.04;

/// A request to the backend.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    /// Starts an operation and possibly cancels it.
    Start {
        operation_type: OperationType,
        parameters: Value,
        cancel: bool,
    },
    /// Requests prices of a symbol, which may be unknown.
    Data { symbol: &'static str, days: u32 },
}

/// An endless series of actions.
#[derive(Debug)]
pub(crate) struct Plan {
    random: Xoshiro256PlusPlus,
    /// Mean time between two actions.
    mean: Duration,
    fault_share: f64,
}

impl Plan {
    /// Sends `pace` operations a minute on average; `fault_share` of all requests is invalid.
    pub(crate) fn new(seed: u64, pace: f64, fault_share: f64) -> Self {
        Self {
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
            mean: Duration::from_secs_f64(60.0 / (pace * (1.0 + DATA_PER_OPERATION))),
            fault_share,
        }
    }

    /// The next pause and action. Pauses are exponential, as between independent users.
    pub(crate) fn next(&mut self) -> (Duration, Action) {
        let uniform: f64 = self.random.random();
        let wait = self.mean.mul_f64(-(1.0 - uniform).ln());
        let faulty = self.random.random_bool(self.fault_share);
        let symbol = Symbol::ALL[self.random.random_range(0..Symbol::ALL.len())].as_str();
        let action = if self.random.random_bool(1.0 / (1.0 + DATA_PER_OPERATION)) {
            self.operation(symbol, faulty)
        } else {
            Action::Data {
                symbol: if faulty { "TULIP" } else { symbol },
                days: self.random.random_range(20..=1000),
            }
        };
        (wait, action)
    }

    /// A faulty operation is rejected, except for half of the faulty trainings, which diverge.
    fn operation(&mut self, symbol: &str, faulty: bool) -> Action {
        let seed: u32 = self.random.random();
        let cancel = self.random.random_bool(CANCELLED);
        let (operation_type, parameters) = if self.random.random_bool(0.5) {
            let fast: u32 = self.random.random_range(5..=20);
            let days = if faulty { 7 } else { self.size() };
            let parameters = json!({ "symbol": symbol, "days": days, "fast": fast, "slow": fast * 4, "seed": seed });
            (OperationType::Backtest, parameters)
        } else {
            let rate = match (faulty, self.random.random_bool(0.5)) {
                (false, _) => 0.5,
                (true, false) => 300.0,
                (true, true) => -1.0,
            };
            let epochs = self.size();
            let parameters =
                json!({ "symbol": symbol, "epochs": epochs, "learning_rate": rate, "seed": seed });
            (OperationType::Training, parameters)
        };
        Action::Start {
            operation_type,
            parameters,
            cancel,
        }
    }

    /// A size from 100 to 10000, uniform on a logarithmic scale: many small ones, few large ones.
    fn size(&mut self) -> u32 {
        (100.0 * 100f64.powf(self.random.random())) as u32
    }
}
