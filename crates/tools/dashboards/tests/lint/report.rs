//! The linter's findings.

use std::fmt;

/// Findings, each with the rule it breaks and its place.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Finding>);

#[derive(Debug)]
struct Finding {
    rule: &'static str,
    place: String,
    problem: String,
}

impl Report {
    /// Adds a finding unless `holds`.
    pub(crate) fn require(
        &mut self,
        holds: bool,
        rule: &'static str,
        place: impl Into<String>,
        problem: impl Into<String>,
    ) {
        if !holds {
            self.0.push(Finding {
                rule,
                place: place.into(),
                problem: problem.into(),
            });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `rule` was violated.
    pub(crate) fn names(&self, rule: &str) -> bool {
        self.0.iter().any(|finding| finding.rule == rule)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|finding| {
            let Finding {
                rule,
                place,
                problem,
            } = finding;
            writeln!(f, "{rule}: {place}: {problem}")
        })
    }
}
