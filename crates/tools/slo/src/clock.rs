//! The two clocks: the period of the objectives and the windows of the alerts, in the same
//! proportions.

use std::fmt;

use crate::alert::Severity;

/// A duration in seconds, as Prometheus writes it: `2h24m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub u32);

/// Prometheus' units and their seconds, from the largest in use to the smallest.
const UNITS: [(&str, u32); 4] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        // The period of a day is better known as 24 hours.
        for (unit, seconds) in UNITS.into_iter().skip(usize::from(self.0 == 86_400)) {
            if rest >= seconds {
                write!(f, "{}{unit}", rest / seconds)?;
                rest %= seconds;
            }
        }
        Ok(())
    }
}

impl std::ops::Mul<u32> for Span {
    type Output = Self;

    fn mul(self, times: u32) -> Self {
        Self(self.0 * times)
    }
}

/// Over which time an objective holds, and how fast its alerts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// 24 hours: for a demo that lives for minutes.
    Day,
    /// 30 days, as in the SRE workbook: for a system that stays.
    Month,
}

/// An alert fires when the budget is spent faster than `factor` both over the long window, which
/// makes it significant, and over the short one, which makes it stop soon after the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burn {
    /// The severity of the alert.
    pub severity: Severity,
    /// The share of the period's budget that is gone when the alert fires, in percent.
    pub budget: u32,
    /// The window that makes it significant.
    pub long: Span,
    /// The window that makes it stop.
    pub short: Span,
    /// The burn rate in tenths: budget * period / long window.
    pub(crate) tenths: u32,
}

impl Burn {
    const fn new(clock: Clock, severity: Severity, budget: u32, long: u32, short: u32) -> Self {
        let tenths = budget * clock.period().0 / (long * 10);
        assert!(
            tenths * long * 10 == budget * clock.period().0,
            "not in tenths"
        );
        Self {
            severity,
            budget,
            long: Span(long),
            short: Span(short),
            tenths,
        }
    }

    /// The burn rate as a decimal: `14.4`, `6`.
    #[must_use]
    pub fn factor(&self) -> String {
        match (self.tenths / 10, self.tenths % 10) {
            (whole, 0) => whole.to_string(),
            (whole, tenth) => format!("{whole}.{tenth}"),
        }
    }
}

const DAY: [Burn; 4] = [
    Burn::new(Clock::Day, Severity::Page, 2, 2 * 60, 20),
    Burn::new(Clock::Day, Severity::Page, 5, 12 * 60, 60),
    Burn::new(Clock::Day, Severity::Ticket, 10, 48 * 60, 4 * 60),
    Burn::new(Clock::Day, Severity::Ticket, 10, 144 * 60, 12 * 60),
];

const MONTH: [Burn; 4] = [
    Burn::new(Clock::Month, Severity::Page, 2, 3600, 5 * 60),
    Burn::new(Clock::Month, Severity::Page, 5, 6 * 3600, 30 * 60),
    Burn::new(Clock::Month, Severity::Ticket, 10, 24 * 3600, 2 * 3600),
    Burn::new(Clock::Month, Severity::Ticket, 10, 72 * 3600, 6 * 3600),
];

impl Clock {
    /// Both, the default of the stack first.
    pub const ALL: [Self; 2] = [Self::Day, Self::Month];

    /// The time over which the objective must hold.
    #[must_use]
    pub const fn period(self) -> Span {
        match self {
            Self::Day => Span(86_400),
            Self::Month => Span(30 * 86_400),
        }
    }

    /// The longest scrape interval with which the rules work.
    #[must_use]
    pub const fn scrape(self) -> Span {
        match self {
            Self::Day => Span(5),
            Self::Month => Span(60),
        }
    }

    /// How often rules with short windows, and causes, are evaluated.
    #[must_use]
    pub const fn interval(self) -> Span {
        match self {
            Self::Day => Span(5),
            Self::Month => Span(30),
        }
    }

    /// How often rules with long windows are evaluated.
    #[must_use]
    pub const fn slow_interval(self) -> Span {
        match self {
            Self::Day => Span(15),
            Self::Month => Span(120),
        }
    }

    /// The window in which causes are counted.
    #[must_use]
    pub const fn window(self) -> Span {
        match self {
            Self::Day => Span(60),
            Self::Month => Span(300),
        }
    }

    /// How long a cause must last before a person hears of it.
    #[must_use]
    pub const fn patience(self) -> Span {
        match self {
            Self::Day => Span(15),
            Self::Month => Span(120),
        }
    }

    /// The window whose rates are summed up over the period: the short one of the second page.
    #[must_use]
    pub fn base(self) -> Span {
        self.burns()[1].short
    }

    /// The burn rates to alert on, from the fastest to the slowest.
    #[must_use]
    pub const fn burns(self) -> &'static [Burn; 4] {
        match self {
            Self::Day => &DAY,
            Self::Month => &MONTH,
        }
    }
}

/// The period, which is also the name of the file of rules: `24h`.
impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.period().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_have_the_burn_rates_of_the_workbook() {
        for clock in Clock::ALL {
            let factors: Vec<_> = clock.burns().iter().map(Burn::factor).collect();
            assert_eq!(factors, ["14.4", "6", "3", "1"], "{clock}");
        }
    }

    #[test]
    fn durations_are_written_as_prometheus_reads_them() {
        for (seconds, written) in [
            (20, "20s"),
            (120, "2m"),
            (8640, "2h24m"),
            (86_400, "24h"),
            (2_592_000, "30d"),
        ] {
            assert_eq!(Span(seconds).to_string(), written);
        }
    }
}
