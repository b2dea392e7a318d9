//! The result of a reconciliation, as one table.

use std::fmt;

use serde::Serialize;
use url::Url;

use super::cost::{self, Cost};
use super::counters::Unit;
use super::usage::Stored;
use crate::look_next::LookNext;
use crate::output;
use crate::table::Table;

/// One place that should have recorded the run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// The service.
    pub(crate) hop: &'static str,
    /// What holds the records: an answer, a metric, spans, lines, or rows of a table.
    pub(crate) mark: String,
    /// What one record stands for.
    pub(crate) unit: &'static str,
    /// The number of records expected.
    pub(crate) expected: u64,
    /// The number of records of this run; none if unknown.
    pub(crate) found: Option<i64>,
    /// Expected but not found; negative if there are too many.
    pub(crate) lost: Option<i64>,
    /// Increments of other traffic, which `found` excludes; counters only.
    pub(crate) others: Option<u64>,
    /// How many of `found` may belong to other traffic.
    pub(crate) in_doubt: u64,
    /// Records that are missing because sampling did not keep their traces; not lost.
    pub(crate) not_kept: u64,
    /// How many were stored more than once; these count as neither found nor lost.
    pub(crate) repeated: u64,
}

impl Row {
    pub(super) fn new(hop: &'static str, mark: impl Into<String>, unit: Unit) -> Self {
        Self {
            hop,
            mark: mark.into(),
            unit: unit.plural(),
            expected: 0,
            found: None,
            lost: None,
            others: None,
            in_doubt: 0,
            not_kept: 0,
            repeated: 0,
        }
    }

    pub(super) fn with(mut self, expected: u64, found: Option<i64>) -> Self {
        self.expected = expected;
        self.found = found;
        let expected = i64::try_from(expected).unwrap_or(i64::MAX);
        self.lost = found.map(|found| expected - found);
        self
    }

    pub(super) fn with_stored(self, expected: u64, stored: Stored) -> Self {
        let number = |count| i64::try_from(count).unwrap_or(i64::MAX);
        let mut row = self.with(expected, Some(number(stored.once)));
        row.lost = row.lost.map(|lost| lost - number(stored.repeatedly));
        row.repeated = stored.repeatedly;
        row
    }

    /// Excuses records that sampling did not keep.
    pub(super) fn without(mut self, not_kept: u64) -> Self {
        let number = i64::try_from(not_kept).unwrap_or(i64::MAX);
        self.lost = self.lost.map(|lost| lost - number);
        self.not_kept = not_kept;
        self
    }

    /// Attributes more than expected to other traffic, whose spans are not all kept.
    pub(super) fn without_surplus(mut self) -> Self {
        let surplus = self.lost.map_or(0, |lost| (-lost).max(0));
        self.found = self.found.map(|found| found - surplus);
        self.lost = self.lost.map(|lost| lost + surplus);
        self.others = self.others.map(|others| others + surplus.unsigned_abs());
        self.in_doubt = 0;
        self
    }

    pub(super) fn is_balanced(&self) -> bool {
        self.lost == Some(0) && self.in_doubt == 0 && self.repeated == 0
    }
}

/// Whether all records were found.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// The attribute `traffic.run` of every root span.
    pub(crate) run: String,
    /// Repeats the same requests.
    pub(crate) seed: u64,
    /// Whether the run was stopped early.
    pub(crate) interrupted: bool,
    /// Traces that were not kept, because sampling is on.
    pub(crate) traces_not_kept: u64,
    /// Requests sent.
    pub(crate) requests: u64,
    /// Requests that were not sent because the run was stopped.
    pub(crate) not_sent: u64,
    /// One row for each place, in the order of a roll's path.
    pub(crate) rows: Vec<Row>,
    /// Rolls answered.
    pub(crate) rolls: u64,
    /// What the rolls cost each service.
    pub(crate) costs: Vec<Cost>,
    /// Some of the traces with missing spans.
    pub(crate) incomplete_traces: Vec<String>,
    /// Spans that were received more than once and count once: an exporter repeats a batch if it
    /// gets no answer.
    pub(crate) repeated_spans: u64,
    #[serde(skip)]
    pub(super) has_lines: bool,
    #[serde(skip)]
    pub(super) tempo: Url,
}

impl output::Report for Report {
    fn passed(&self) -> bool {
        self.not_sent == 0 && self.rows.iter().all(Row::is_balanced)
    }

    fn look_next(&self) -> LookNext<'_> {
        LookNext {
            run: Some(&self.run),
            tempo: Some(&self.tempo),
            frontend: None,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles = [
            "hop",
            "mark",
            "unit",
            "expected",
            "found",
            "lost",
            "of others",
        ];
        let mut table = Table::new(titles);
        let number = |number: Option<i64>| number.map_or("?".to_owned(), |n| n.to_string());
        for row in &self.rows {
            table.row([
                row.hop.to_owned(),
                row.mark.clone(),
                row.unit.to_owned(),
                row.expected.to_string(),
                number(row.found),
                number(row.lost),
                row.others.map_or_else(String::new, |n| n.to_string()),
            ]);
        }
        writeln!(f, "{table}")?;
        for row in self.rows.iter().filter(|row| row.in_doubt > 0) {
            let (hop, mark, in_doubt) = (row.hop, &row.mark, row.in_doubt);
            writeln!(
                f,
                "{hop} {mark}: {in_doubt} may belong to other traffic, which is too dense to separate"
            )?;
        }
        for row in self.rows.iter().filter(|row| row.repeated > 0) {
            let (hop, mark, repeated) = (row.hop, &row.mark, row.repeated);
            writeln!(
                f,
                "{hop} {mark}: {repeated} requests have more than one record"
            )?;
        }
        if !self.has_lines {
            writeln!(
                f,
                "log lines were not checked: use --log-file FILE or --loki URL"
            )?;
        }
        if self.traces_not_kept > 0 {
            let (not_kept, requests) = (self.traces_not_kept, self.requests);
            writeln!(
                f,
                "{not_kept} of {requests} traces were not kept: sampling is on, and their spans are not lost"
            )?;
        }
        if !self.incomplete_traces.is_empty() {
            let traces = self.incomplete_traces.join(" ");
            writeln!(f, "spans are missing in: {traces}")?;
        }
        if self.repeated_spans > 0 {
            let repeated = self.repeated_spans;
            writeln!(
                f,
                "{repeated} spans were received twice and counted once: an export was repeated, and metrics \
                 generated from spans count both"
            )?;
        }
        writeln!(f, "{}", cost::table(&self.costs, self.rolls))?;
        writeln!(f, "{}", self.verdict())?;
        Ok(())
    }
}

impl Report {
    fn verdict(&self) -> String {
        let (requests, seed) = (self.requests, self.seed);
        let unbalanced = self.rows.iter().filter(|row| !row.is_balanced()).count();
        match (self.not_sent, unbalanced) {
            (0, 0) => format!("nothing lost: {requests} requests of --seed {seed}"),
            (0, rows) => {
                format!("NOT balanced in {rows} rows: {requests} requests of --seed {seed}")
            }
            (not_sent, _) => {
                format!("stopped: {requests} requests of --seed {seed} sent, {not_sent} not sent")
            }
        }
    }
}
