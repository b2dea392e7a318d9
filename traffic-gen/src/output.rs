//! How every mode ends: one report, as a table for people or as JSON for programs.

use std::collections::BTreeMap;
use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;

use crate::look_next::LookNext;

/// The result of a mode.
pub(crate) trait Report: Serialize + fmt::Display {
    /// Whether the run was fine.
    fn passed(&self) -> bool;

    /// Where to look for what it left behind.
    fn look_next(&self) -> LookNext<'_> {
        LookNext::default()
    }
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
    pub(crate) async fn of(report: &impl Report) -> Self {
        Self {
            text: format!("{report}{}", report.look_next().text().await),
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
