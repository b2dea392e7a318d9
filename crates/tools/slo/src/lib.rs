//! The service level objectives (SLOs) and alerts of the system, declared once. [`compile`] turns
//! them into the files of Prometheus rules in `stack/prometheus/rules`, which are committed and
//! mounted into Prometheus; a test fails if the two differ.
//!
//! * [`Clock`]: the same objectives over 30 days, as in Google's SRE workbook, and over 24 hours,
//!   for a system that lives for minutes.
//! * [`Slo`]: an objective, with the queries that count bad and valid events. [`slos`] lists them.
//! * [`burn`]: the alerts on a budget that is spent too fast, and the arithmetic that refuses an
//!   alert that can never fire.
//! * [`causes`]: the alerts on causes that need a person.
//! * [`rules`]: the groups of rules, and their YAML.
//! * [`runbook`]: the runbooks in `docs/runbooks`, and their queries.
//!
//! ```
//! use slo::{Clock, Objective, burn};
//!
//! let objective = Objective::percent("90").expect("a percentage");
//! let page = &Clock::Day.burns()[0];
//! let refused = burn::check("Example", objective, page).expect_err("14.4 is more than 10");
//! assert!(refused.to_string().contains("1 / (1 - 0.9) = 10"));
//! ```

mod alert;
pub mod burn;
pub mod causes;
mod clock;
mod declared;
mod objective;
pub mod rules;
pub mod runbook;
mod yaml;

pub use alert::{Alert, RUNBOOKS, Severity};
pub use clock::{Burn, Clock, Span};
pub use declared::{LATENCY_BOUND, Slo, slos};
pub use objective::{NotAPercentage, Objective};

/// The rules of each clock as the name of its file and its YAML, which ends in a newline.
///
/// # Errors
/// [`burn::Refused`], if a declared objective has an alert that cannot work.
pub fn compile() -> Result<Vec<(String, String)>, burn::Refused> {
    let file = |clock: Clock| {
        let groups = rules::groups(clock, &slos())?;
        Ok((format!("{clock}.yml"), yaml::file(clock, &groups)))
    };
    Clock::ALL.into_iter().map(file).collect()
}

/// The rules of 30 days as a PrometheusRule for Kubernetes, whose operator hands them to Prometheus.
///
/// # Errors
/// As [`compile`].
pub fn manifest() -> Result<String, burn::Refused> {
    let groups = rules::groups(Clock::Month, &slos())?;
    Ok(yaml::manifest(&yaml::file(Clock::Month, &groups)))
}

/// Every alert by its name, without repetition, in the order of the rules.
///
/// # Errors
/// As [`compile`].
pub fn alerts() -> Result<Vec<&'static str>, burn::Refused> {
    let mut names = Vec::new();
    for alert in rules::groups(Clock::Day, &slos())?
        .iter()
        .flat_map(rules::Group::alerts)
    {
        if !names.contains(&alert.name) {
            names.push(alert.name);
        }
    }
    Ok(names)
}
