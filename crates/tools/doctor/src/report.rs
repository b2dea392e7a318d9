//! The report: one row for each hop, as a table for people and as JSON for programs.

use std::time::Duration;

use serde::Serialize;
use serde_json::json;

/// What is wrong at a hop, and what to do.
#[derive(Debug)]
pub(crate) struct Finding {
    /// What was seen instead of the expected result.
    pub(crate) saw: String,
    /// The likeliest cause.
    pub(crate) cause: String,
    /// The command to run.
    pub(crate) command: String,
}

/// The state of a hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// It works.
    Ok,
    /// It is broken.
    Broken,
    /// It was not examined, because an earlier hop is broken.
    NotReached,
    /// The run does not have this part.
    NotPart,
    /// It is missing because a saving does not keep it.
    NotKept,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Broken => "BROKEN",
            Self::NotReached => "-",
            Self::NotPart => "not here",
            Self::NotKept => "not kept",
        }
    }
}

/// One hop, examined.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    hop: &'static str,
    state: State,
    took_ms: u64,
    saw: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    likely_cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
}

/// All hops.
#[derive(Debug, Default)]
pub(crate) struct Report {
    trace_id: Option<String>,
    rows: Vec<Row>,
}

impl Report {
    /// The roll that is followed.
    pub(crate) fn follow(&mut self, trace_id: &str) {
        self.trace_id = Some(trace_id.to_owned());
    }

    /// Adds a hop that was examined.
    pub(crate) fn add(
        &mut self,
        hop: &'static str,
        took: Duration,
        found: Result<String, Finding>,
    ) {
        let (state, saw, advice) = match found {
            Ok(saw) => (State::Ok, saw, None),
            Err(finding) => (
                State::Broken,
                finding.saw,
                Some((finding.cause, finding.command)),
            ),
        };
        let (likely_cause, command) = advice.unzip();
        self.rows.push(Row {
            hop,
            state,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            saw,
            likely_cause,
            command,
        });
    }

    /// Adds a hop that was not examined.
    pub(crate) fn pass_over(&mut self, hop: &'static str, state: State, why: &str) {
        self.rows.push(Row {
            hop,
            state,
            took_ms: 0,
            saw: why.to_owned(),
            likely_cause: None,
            command: None,
        });
    }

    /// Whether every hop that this run has works.
    pub(crate) fn is_healthy(&self) -> bool {
        let good = |row: &Row| matches!(row.state, State::Ok | State::NotPart | State::NotKept);
        self.rows.iter().all(good)
    }

    pub(crate) fn json(&self) -> String {
        let report = json!({
            "healthy": self.is_healthy(),
            "trace_id": self.trace_id,
            "hops": self.rows,
        });
        format!("{report:#}")
    }

    pub(crate) fn table(&self) -> String {
        let width = self.rows.iter().map(|row| row.hop.len()).max().unwrap_or(0);
        let mut lines = vec![format!(
            "   {:width$}  {:8}  {:>7}  saw",
            "hop", "state", "took"
        )];
        for (number, row) in self.rows.iter().enumerate() {
            let took = took(row);
            let state = row.state.word();
            lines.push(format!(
                "{:2} {:width$}  {state:8}  {took:>7}  {}",
                number + 1,
                row.hop,
                row.saw
            ));
            let indent = " ".repeat(width + 24);
            if let Some(cause) = &row.likely_cause {
                lines.push(format!("{indent}likely: {cause}"));
            }
            if let Some(command) = &row.command {
                lines.push(format!("{indent}run:    {command}"));
            }
        }
        lines.push(String::new());
        lines.push(self.verdict());
        lines.join("\n")
    }

    fn verdict(&self) -> String {
        let broken = self.rows.iter().filter(|row| row.state == State::Broken);
        match broken.map(|row| row.hop).next() {
            None if self.rows.iter().all(|row| row.state == State::Ok) => {
                "Every hop works.".to_owned()
            }
            None => "Every hop that this run has works.".to_owned(),
            Some(first) => format!("Start with the first broken hop: {first}."),
        }
    }
}

fn took(row: &Row) -> String {
    match (row.state, row.took_ms) {
        (State::NotReached | State::NotPart | State::NotKept, _) => String::new(),
        (_, ms) if ms < 1000 => format!("{ms} ms"),
        #[allow(clippy::cast_precision_loss, reason = "shown with one decimal")]
        (_, ms) => format!("{:.1} s", ms as f64 / 1000.0),
    }
}
