//! Regular expressions in LogQL and TraceQL match whole values: one that contains only plain text
//! was probably meant to match a part, and matches nothing.

use crate::report::Report;
use crate::support::board::Board;

pub(crate) fn check(board: &Board, report: &mut Report) {
    for (title, query) in board.logql().into_iter().chain(board.traceql()) {
        let values = query.split("=~").skip(1);
        for value in values.filter_map(|rest| rest.split('"').nth(1)) {
            report.require(
                value.contains(['*', '+', '|', '.', '$']),
                "anchored",
                format!("{}: {title}", board.file),
                format!("=~ {value:?} matches only this exact value"),
            );
        }
    }
}
