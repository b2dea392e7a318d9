//! A backtest: a moving-average crossover, replayed over a price series tick by tick.
//!
//! The strategy holds the symbol while the mean of the last `fast` closes is above that of the last
//! `slow` ones, and nothing otherwise. Every trade costs a fee.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::market::{Closes, Symbol};
use super::{Mistake, within};
use crate::schema::Number;

/// Price changes in a trading day: two a second for six and a half hours.
const TICKS: u32 = 46_800;

/// The initial capital, in the symbol's currency.
const CAPITAL: f64 = 10_000.0;

/// The fee of a trade, as a share of the capital.
const FEE: f64 = 0.0005;

/// The parameters of a backtest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BacktestParameters)]
pub struct Parameters {
    /// The symbol to trade.
    pub symbol: Symbol,
    /// Length of the price series in trading days, 100 to 10000.
    #[serde(default = "default_days")]
    #[schema(minimum = 100, maximum = 10_000)]
    pub days: u32,
    /// Closes in the fast mean, 2 to 50.
    #[serde(default = "default_fast")]
    #[schema(minimum = 2, maximum = 50)]
    pub fast: u32,
    /// Closes in the slow mean: more than in the fast one, up to 100.
    #[serde(default = "default_slow")]
    #[schema(minimum = 3, maximum = 100)]
    pub slow: u32,
    /// The seed of the price series; random if absent.
    #[serde(default = "rand::random")]
    #[schema(value_type = Number)]
    pub seed: u32,
}

fn default_days() -> u32 {
    1_000
}

fn default_fast() -> u32 {
    10
}

fn default_slow() -> u32 {
    50
}

impl Parameters {
    pub(super) fn check(&self) -> Result<(), Mistake> {
        within("days", self.days, 100..=10_000)?;
        within("fast", self.fast, 2..=50)?;
        within("slow", self.slow, self.fast + 1..=100)
    }
}

/// A running backtest.
#[derive(Debug)]
pub(super) struct Backtest {
    closes: Closes,
    fast: Mean,
    slow: Mean,
    /// The previous close, and the overnight position: 1 or 0.
    last: Option<f64>,
    holding: bool,
    equity: f64,
    peak: f64,
    drawdown: f64,
    trades: u32,
}

impl Backtest {
    pub(super) fn new(parameters: &Parameters) -> Self {
        Self {
            closes: Closes::new(parameters.symbol, parameters.seed, TICKS),
            fast: Mean::of(parameters.fast),
            slow: Mean::of(parameters.slow),
            last: None,
            holding: false,
            equity: CAPITAL,
            peak: CAPITAL,
            drawdown: 0.0,
            trades: 0,
        }
    }

    /// Replays one day.
    pub(super) fn day(&mut self) {
        let close = self.closes.next().expect("the walk is endless");
        if let Some(last) = self.last.replace(close)
            && self.holding
        {
            self.equity *= close / last;
        }
        let (fast, slow) = (self.fast.push(close), self.slow.push(close));
        let hold = matches!((fast, slow), (Some(fast), Some(slow)) if fast > slow);
        if hold != self.holding {
            self.holding = hold;
            self.trades += 1;
            self.equity *= 1.0 - FEE;
        }
        self.peak = self.peak.max(self.equity);
        self.drawdown = self.drawdown.max(1.0 - self.equity / self.peak);
    }

    pub(super) fn result(&self) -> Value {
        json!({
            "capital": CAPITAL,
            "pnl": round(self.equity - CAPITAL),
            "return_percent": round(100.0 * (self.equity / CAPITAL - 1.0)),
            "max_drawdown_percent": round(100.0 * self.drawdown),
            "trades": self.trades,
            "last_close": self.last,
        })
    }
}

/// Rounds to hundredths.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// The mean of the most recent values.
#[derive(Debug)]
struct Mean {
    values: VecDeque<f64>,
    count: usize,
    sum: f64,
}

impl Mean {
    fn of(count: u32) -> Self {
        let count = count as usize;
        Self {
            values: VecDeque::with_capacity(count + 1),
            count,
            sum: 0.0,
        }
    }

    /// Adds `value` and returns the mean; none until there are enough values.
    fn push(&mut self, value: f64) -> Option<f64> {
        self.sum += value;
        self.values.push_back(value);
        if self.values.len() > self.count {
            self.sum -= self.values.pop_front().expect("more than one value");
        }
        (self.values.len() == self.count).then(|| self.sum / self.count as f64)
    }
}
