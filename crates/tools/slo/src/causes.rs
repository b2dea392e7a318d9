//! Alerts on causes. Most are tickets: users notice a symptom, which pages by its burn rate. The
//! pages among them are causes that are certain to break what users see.

mod platform;
mod services;

use crate::alert::{Alert, Severity};
use crate::clock::Clock;
use crate::rules::{Group, Rule};

/// An alert on a cause. In `expr`, `{window}` stands for the clock's window, and `{long}` for ten of
/// them.
struct Cause {
    name: &'static str,
    severity: Severity,
    expr: &'static str,
    /// How many times the clock's patience it must last.
    patience: u32,
    summary: &'static str,
    description: &'static str,
}

impl Cause {
    fn alert(&self, clock: Clock) -> Alert {
        let (window, long) = (clock.window(), clock.window() * 10);
        let expr = self.expr.replace("{window}", &window.to_string());
        Alert {
            name: self.name,
            severity: self.severity,
            slo: None,
            expr: expr.replace("{long}", &long.to_string()),
            wait: (self.patience > 0).then(|| clock.patience() * self.patience),
            summary: self.summary.to_owned(),
            description: self.description.to_owned(),
        }
    }
}

/// The group of these alerts.
pub(crate) fn group(clock: Clock) -> Group {
    let causes = services::CAUSES.iter().chain(&platform::CAUSES);
    let alerts = causes.map(|cause| Rule::Alert(cause.alert(clock)));
    Group {
        name: "causes".to_owned(),
        interval: clock.interval(),
        rules: alerts.collect(),
    }
}
