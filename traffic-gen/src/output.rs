//! How every mode ends: one report, as a table for people or as JSON for programs.

use std::collections::BTreeMap;
use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;
use url::Url;

/// The result of a mode.
pub(crate) trait Report: Serialize + fmt::Display {
    /// Whether the run was fine.
    fn passed(&self) -> bool;
}

/// A report, written out.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    /// For people, ending in a line break.
    pub(crate) text: String,
    /// For programs.
    pub(crate) json: serde_json::Value,
    /// Whether the run was fine.
    pub(crate) passed: bool,
}

impl Finished {
    pub(crate) fn of(report: &impl Report) -> Self {
        Self {
            text: report.to_string(),
            json: serde_json::to_value(report).expect("reports have string keys"),
            passed: report.passed(),
        }
    }

    /// 0 when the run was fine, else 1.
    #[must_use]
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.passed {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// Where a person finds what the run left behind.
#[derive(Default)]
pub(crate) struct LookNext<'a> {
    pub(crate) frontend: Option<&'a Url>,
    pub(crate) run: Option<&'a str>,
}

impl fmt::Display for LookNext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nLook next:")?;
        if let Some(frontend) = self.frontend {
            writeln!(f, "  the page     {frontend}")?;
        }
        writeln!(f, "  dashboards   http://localhost:3000 (with Docker)")?;
        if let Some(run) = self.run {
            writeln!(
                f,
                "  traces       {{ span.traffic.run = \"{run}\" }} in Grafana's Explore, or \
                 http://localhost:3200/api/search?q=%7Bspan.traffic.run%3D%22{run}%22%7D"
            )?;
        }
        Ok(())
    }
}

/// `503: 4, timeout: 1`, or 0.
pub(crate) fn counts<K: fmt::Display>(counts: &BTreeMap<K, u64>) -> String {
    if counts.is_empty() {
        return "0".to_owned();
    }
    let entries: Vec<String> = counts.iter().map(|(k, n)| format!("{k}: {n}")).collect();
    entries.join(", ")
}

/// Events by time; 0 when no time has passed.
pub(crate) fn per_second(count: u64, time: Duration) -> f64 {
    if time.is_zero() {
        return 0.0;
    }
    count as f64 / time.as_secs_f64()
}
