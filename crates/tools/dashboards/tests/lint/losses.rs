//! What services lose is shown, in the overview and in detail.

use crate::report::Report;
use crate::support::board::{Board, list, text};

/// What every service counts of its losses (docs/signals.md).
const COUNTERS: [&str; 5] = [
    "telemetry_spans_total",
    "telemetry_log_lines_dropped_total",
    "http_requests_rejected_total",
    "http_handler_panics_total",
    "process_panics_total",
];

/// Panics in handlers are among those of the process.
const PART: &str = "http_handler_panics_total";

pub(crate) fn check(board: &Board, report: &mut Report) {
    if board.stage().is_none() {
        return;
    }
    for counter in COUNTERS {
        let asks = |target| text(target, "expr").contains(counter);
        let shown = board
            .panels()
            .any(|panel| panel["type"] == "timeseries" && list(panel, "targets").iter().any(asks));
        let open = board
            .open_panels()
            .any(|panel| list(panel, "targets").iter().any(asks));
        let problem = format!("does not show {counter} over time, or not when it is opened");
        let right = shown && (open || counter == PART);
        report.require(right, "losses", &board.file, problem);
    }
}
