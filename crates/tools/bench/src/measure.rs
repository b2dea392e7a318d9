//! Numbers and their goals.

use serde::Serialize;

/// A number and its bound.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Goal {
    what: String,
    value: f64,
    bound: f64,
    pub(crate) reached: bool,
}

impl Goal {
    pub(crate) fn at_least(what: impl Into<String>, value: f64, bound: f64) -> Self {
        Self {
            what: what.into(),
            value,
            bound,
            reached: value >= bound,
        }
    }

    pub(crate) fn at_most(what: impl Into<String>, value: f64, bound: f64) -> Self {
        Self {
            what: what.into(),
            value,
            bound,
            reached: value <= bound,
        }
    }
}

pub(crate) fn print_goals(goals: &[Goal]) {
    println!("\n{:<58} {:>10} {:>10}", "goal", "measured", "bound");
    for Goal {
        what,
        value,
        bound,
        reached,
    } in goals
    {
        let verdict = if *reached { "" } else { "  MISSED" };
        println!("{what:<58} {value:>10.2} {bound:>10.2}{verdict}");
    }
}

/// The median; 0 if there are no values.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    quantile(values, 0.5)
}

/// The smallest value that is not exceeded by that share of the values; 0 if there are none.
pub(crate) fn quantile(values: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied().unwrap_or_default()
}

/// A whole number with its thousands separated.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
