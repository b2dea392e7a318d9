//! An alerting rule.

use std::fmt;

use crate::clock::Span;

/// Where the runbooks are read. Grafana serves them without an internet connection; for another
/// system, this is the address of `docs/runbooks` in its repository.
pub const RUNBOOKS: &str = "http://localhost:3000/public/runbooks";

/// Who must act, and how soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Somebody, now: users notice.
    Page,
    /// Somebody, within days.
    Ticket,
    /// The alert shows that alerting works.
    None,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
            Self::None => "none",
        })
    }
}

/// An alerting rule; its runbook is `docs/runbooks/NAME.md`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Its name.
    pub name: &'static str,
    /// Who must act.
    pub severity: Severity,
    /// The objective whose budget is at stake, if it is about one.
    pub slo: Option<&'static str>,
    /// The query.
    pub expr: String,
    /// How long the expression must have a result.
    pub wait: Option<Span>,
    /// One sentence for a list of alerts.
    pub summary: String,
    /// What it means, and what the numbers are.
    pub description: String,
}

impl Alert {
    /// The address of its runbook.
    #[must_use]
    pub fn runbook_url(&self) -> String {
        format!("{RUNBOOKS}/{}.md", self.name)
    }
}
