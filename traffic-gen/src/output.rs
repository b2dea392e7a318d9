//! The output of every mode: one report, as a table for people or as JSON for programs.

use std::collections::BTreeMap;
use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;

use crate::look_next::LookNext;

/// The result of a mode.
pub(crate) trait Report: Serialize + fmt::Display {
    /// Whether the run succeeded.
    fn passed(&self) -> bool;

    /// Where to look at what the run left behind.
    fn look_next(&self) -> LookNext<'_> {
        LookNext::default()
    }
}

/// A rendered report.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    /// As text, ending in a line break.
    pub(crate) text: String,
    /// As JSON.
    pub(crate) json: serde_json::Value,
    /// Whether the run succeeded.
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

    /// 0 if the run succeeded, otherwise 1.
    #[must_use]
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.passed {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// Counts as text, as in `503: 4, timeout: 1`; `0` when there are none.
pub(crate) fn counts<K: fmt::Display>(counts: &BTreeMap<K, u64>) -> String {
    if counts.is_empty() {
        return "0".to_owned();
    }
    let entries: Vec<String> = counts.iter().map(|(k, n)| format!("{k}: {n}")).collect();
    entries.join(", ")
}

/// Events per second; 0 when no time has passed.
pub(crate) fn per_second(count: u64, time: Duration) -> f64 {
    if time.is_zero() {
        return 0.0;
    }
    count as f64 / time.as_secs_f64()
}
