//! Groups of rules, as Prometheus evaluates them: one rule after the other, at the same time.

use crate::alert::Alert;
use crate::burn::{self, Refused};
use crate::causes;
use crate::clock::{Clock, Span};
use crate::declared::Slo;

/// A group of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name, unique within the file.
    pub name: String,
    /// How often its rules are evaluated.
    pub interval: Span,
    /// The rules, in order.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Stores the result of a query as series.
    Record(Record),
    /// Fires while a query has a result.
    Alert(Alert),
}

/// A recording rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The name of the series.
    pub name: &'static str,
    /// Labels of the series.
    pub labels: Vec<(&'static str, String)>,
    /// The query.
    pub expr: String,
}

impl Rule {
    /// The query.
    #[must_use]
    pub fn expr(&self) -> &str {
        match self {
            Self::Record(record) => &record.expr,
            Self::Alert(alert) => &alert.expr,
        }
    }
}

impl Group {
    /// Its alerts, in order.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.rules.iter().filter_map(|rule| match rule {
            Rule::Alert(alert) => Some(alert),
            Rule::Record(_) => None,
        })
    }

    /// Its recording rules, in order.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.rules.iter().filter_map(|rule| match rule {
            Rule::Record(record) => Some(record),
            Rule::Alert(_) => None,
        })
    }
}

/// The rules of these objectives, and the causes.
///
/// # Errors
/// [`Refused`], if an alert cannot work.
pub fn groups(clock: Clock, slos: &[Slo]) -> Result<Vec<Group>, Refused> {
    let mut groups = Vec::new();
    for slo in slos {
        groups.extend(burn::groups(clock, slo)?);
    }
    groups.push(causes::group(clock));
    Ok(groups)
}
