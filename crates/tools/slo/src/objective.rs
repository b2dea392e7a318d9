//! An objective as an exact decimal, so that rules contain `0.005` and not `0.0050000000000000044`.

use std::fmt;

/// Thousandths of a percent in the whole.
const WHOLE: u32 = 100_000;

/// The share of valid events that must be good, in thousandths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Objective(u32);

/// A text that is not an objective.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAPercentage(String);

impl fmt::Display for NotAPercentage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        write!(
            f,
            "{text:?} is not an objective: expected a percentage between 0 and 100, both excluded, \
             with at most three decimals, such as 99.5"
        )
    }
}

impl std::error::Error for NotAPercentage {}

impl Objective {
    /// Reads a percentage such as `99.5`.
    ///
    /// # Errors
    /// [`NotAPercentage`] outside of 0 to 100, at its ends, and with more than three decimals.
    pub fn percent(text: &str) -> Result<Self, NotAPercentage> {
        let refused = || NotAPercentage(text.to_owned());
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 3 || decimals.len() > 3 {
            return Err(refused());
        }
        if !digits(whole) || !digits(decimals) {
            return Err(refused());
        }
        let thousandths = format!("{whole}{decimals:0<3}")
            .parse()
            .map_err(|_| refused())?;
        match thousandths {
            1..WHOLE => Ok(Self(thousandths)),
            _ => Err(refused()),
        }
    }

    /// The objective as a share: `0.995`.
    #[must_use]
    pub fn share(self) -> String {
        decimal(self.0)
    }

    /// The error budget as a share: `0.005`.
    #[must_use]
    pub fn budget(self) -> String {
        decimal(self.budget_thousandths())
    }

    /// The error budget in thousandths of a percent.
    pub(crate) fn budget_thousandths(self) -> u32 {
        WHOLE - self.0
    }

    /// The highest possible burn rate, reached when every event is bad: 1 / (1 - objective).
    #[must_use]
    pub fn highest_burn_rate(self) -> f64 {
        f64::from(WHOLE) / f64::from(self.budget_thousandths())
    }

    /// The lowest objective whose burn rate can exceed `tenths` tenths, as a share.
    pub(crate) fn lowest_for(tenths: u32) -> String {
        let budget = (WHOLE * 10 - 1) / tenths;
        decimal(WHOLE - budget)
    }
}

/// The percentage: `99.5 %`.
impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, decimals) = (self.0 / 1000, self.0 % 1000);
        let decimals = format!("{decimals:03}");
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{whole} %"),
            decimals => write!(f, "{whole}.{decimals} %"),
        }
    }
}

/// Thousandths of a percent as a share without trailing zeros.
fn decimal(thousandths: u32) -> String {
    let (whole, decimals) = (thousandths / WHOLE, thousandths % WHOLE);
    let decimals = format!("{decimals:05}");
    match decimals.trim_end_matches('0') {
        "" => whole.to_string(),
        decimals => format!("{whole}.{decimals}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_budgets_are_exact_decimals() {
        for (text, share, budget, shown) in [
            ("99.5", "0.995", "0.005", "99.5 %"),
            ("99.9", "0.999", "0.001", "99.9 %"),
            ("99.999", "0.99999", "0.00001", "99.999 %"),
            ("95", "0.95", "0.05", "95 %"),
        ] {
            let objective = Objective::percent(text).expect(text);
            assert_eq!(objective.share(), share);
            assert_eq!(objective.budget(), budget);
            assert_eq!(objective.to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_objective_is_refused_with_what_is_allowed() {
        for text in [
            "", "0", "100", "100.5", "-1", "99,5", "99.5 %", "99.9999", "1e1", ".",
        ] {
            let error = Objective::percent(text).expect_err(text).to_string();
            assert!(error.contains(&format!("{text:?}")), "{error}");
            assert!(error.contains("such as 99.5"), "{error}");
        }
    }
}
