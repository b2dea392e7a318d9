//! Alerts that cannot work are refused.

use std::fmt;

use crate::clock::{Burn, Span};
use crate::objective::Objective;

/// Samples that a window must have: with two, one missed scrape empties it.
const SCRAPES: u32 = 4;

/// Why an alert would never fire, or not reliably.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Even if every event is bad, the budget is not spent fast enough.
    NeverFires {
        /// The alert's name.
        alert: &'static str,
        /// The objective that is too low.
        objective: Objective,
        /// The burn rate that cannot be exceeded.
        burn: Burn,
    },
    /// A window has too few scrapes.
    FewScrapes {
        /// The alert's name.
        alert: &'static str,
        /// The window that is too short.
        window: Span,
        /// The scrape interval.
        scrape: Span,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverFires {
                alert,
                objective,
                burn,
            } => write!(
                f,
                "{alert}: the {} over {} can never fire at an objective of {objective}: if every \
                 event is bad, the burn rate is 1 / (1 - {}) = {}, which is not more than its \
                 factor {}; use an objective of at least {}, or leave this alert out",
                burn.severity,
                burn.long,
                objective.share(),
                (objective.highest_burn_rate() * 100.0).round() / 100.0,
                burn.factor(),
                Objective::lowest_for(burn.tenths),
            ),
            Self::FewScrapes {
                alert,
                window,
                scrape,
            } => write!(
                f,
                "{alert}: the window {window} has fewer than {SCRAPES} scrapes at an interval of \
                 {scrape}; use a window of at least {}",
                *scrape * SCRAPES
            ),
        }
    }
}

impl std::error::Error for Refused {}

/// Checks that an alert can fire at this objective.
///
/// # Errors
/// [`Refused::NeverFires`] otherwise, with the arithmetic.
pub fn check(alert: &'static str, objective: Objective, burn: &Burn) -> Result<(), Refused> {
    if objective.highest_burn_rate() * 10.0 > f64::from(burn.tenths) {
        return Ok(());
    }
    Err(Refused::NeverFires {
        alert,
        objective,
        burn: *burn,
    })
}

/// Checks that a window has enough scrapes.
///
/// # Errors
/// [`Refused::FewScrapes`] otherwise.
pub fn check_window(alert: &'static str, window: Span, scrape: Span) -> Result<(), Refused> {
    if window >= scrape * SCRAPES {
        return Ok(());
    }
    Err(Refused::FewScrapes {
        alert,
        window,
        scrape,
    })
}

/// The events that the long window must have: with fewer, a single bad one could fire the alert.
#[must_use]
pub fn least_events(objective: Objective, burn: &Burn) -> u32 {
    let whole = 1_000_000_u32;
    whole.div_ceil(burn.tenths * objective.budget_thousandths())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    fn objective(percent: &str) -> Objective {
        Objective::percent(percent).expect(percent)
    }

    #[test]
    fn an_alert_that_can_never_fire_is_refused_with_the_arithmetic() {
        let page = &Clock::Month.burns()[0];
        let error = check("RollAvailabilityBudgetBurn", objective("90"), page);
        let error = error.expect_err("14.4 is more than 10").to_string();
        let wanted = "RollAvailabilityBudgetBurn: the page over 1h can never fire at an objective of 90 %: \
            if every event is bad, the burn rate is 1 / (1 - 0.9) = 10, which is not more than its factor \
            14.4; use an objective of at least 0.93056, or leave this alert out";
        assert_eq!(error, wanted);
    }

    /// 1 / (1 - 0.93056) = 14.4009, and 1 / (1 - 0.93055) = 14.3988.
    #[test]
    fn the_lowest_objective_that_is_named_is_the_lowest() {
        let page = &Clock::Day.burns()[0];
        assert_eq!(check("A", objective("93.056"), page), Ok(()));
        assert!(check("A", objective("93.055"), page).is_err());
    }

    #[test]
    fn a_window_of_fewer_than_four_scrapes_is_refused() {
        assert_eq!(check_window("A", Span(20), Span(5)), Ok(()));
        let error = check_window("A", Span(20), Span(15)).expect_err("1.3 scrapes");
        let wanted = "A: the window 20s has fewer than 4 scrapes at an interval of 15s; use a \
            window of at least 1m";
        assert_eq!(error.to_string(), wanted);
    }

    #[test]
    fn with_the_least_number_of_events_one_bad_event_is_not_above_the_threshold() {
        for clock in Clock::ALL {
            for burn in clock.burns() {
                for percent in ["95", "99", "99.5", "99.9"] {
                    let budget = f64::from(objective(percent).budget_thousandths()) / 100_000.0;
                    let threshold = f64::from(burn.tenths) / 10.0 * budget;
                    let least = f64::from(least_events(objective(percent), burn));
                    assert!(1.0 / least <= threshold, "{percent} {burn:?}: {least}");
                    assert!(
                        1.0 / (least - 1.0) > threshold,
                        "{percent} {burn:?}: {least}"
                    );
                }
            }
        }
    }
}
