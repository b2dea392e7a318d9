//! Prices: a geometric random walk, the same for the same symbol and seed.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A symbol that can be traded, with its random walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Symbol {
    /// A share with low volatility
    Aapl,
    /// A coin with high volatility
    Btcusd,
    /// A currency pair
    Eurusd,
    /// Another share
    Msft,
    /// Another currency pair
    Usdjpy,
}

impl Symbol {
    /// Every symbol, sorted.
    pub const ALL: [Self; 5] = [
        Self::Aapl,
        Self::Btcusd,
        Self::Eurusd,
        Self::Msft,
        Self::Usdjpy,
    ];

    /// The symbol's name in requests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aapl => "AAPL",
            Self::Btcusd => "BTCUSD",
            Self::Eurusd => "EURUSD",
            Self::Msft => "MSFT",
            Self::Usdjpy => "USDJPY",
        }
    }

    /// The symbol with this name; none if it does not exist.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|symbol| symbol.as_str() == name)
    }

    /// The initial price of the walk, and the standard deviation of a day's return.
    fn walk(self) -> (f64, f64) {
        match self {
            Self::Aapl => (190.0, 0.016),
            Self::Btcusd => (60_000.0, 0.030),
            Self::Eurusd => (1.10, 0.005),
            Self::Msft => (420.0, 0.015),
            Self::Usdjpy => (150.0, 0.006),
        }
    }
}

/// Standard normal numbers, by Marsaglia's polar method.
#[derive(Debug)]
pub(crate) struct Normals {
    pub(crate) random: Xoshiro256PlusPlus,
    /// The second number of the pair that the method yields.
    spare: Option<f64>,
}

impl Normals {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
            spare: None,
        }
    }

    pub(crate) fn draw(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let x = self.random.random_range(-1.0..1.0);
            let y = self.random.random_range(-1.0..1.0);
            let square: f64 = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                let factor = (-2.0 * square.ln() / square).sqrt();
                self.spare = Some(y * factor);
                return x * factor;
            }
        }
    }
}

/// Daily closing prices; the iterator is endless.
#[derive(Debug)]
pub(crate) struct Closes {
    normals: Normals,
    /// Logarithm of the price.
    level: f64,
    ticks: u32,
    tick_deviation: f64,
}

impl Closes {
    /// Prices of `symbol` with `ticks` price changes a day: more ticks mean more computation, not
    /// higher volatility.
    pub(crate) fn new(symbol: Symbol, seed: u32, ticks: u32) -> Self {
        let (price, deviation) = symbol.walk();
        Self {
            normals: Normals::new(u64::from(seed) << 8 | symbol as u64),
            level: price.ln(),
            ticks,
            tick_deviation: deviation / f64::from(ticks).sqrt(),
        }
    }
}

impl Iterator for Closes {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        for _ in 0..self.ticks {
            self.level += self.tick_deviation * self.normals.draw();
        }
        Some(self.level.exp())
    }
}
