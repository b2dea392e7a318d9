//! SQL: one SELECT from the one table, over the dashboard's time range.
//!
//! Every word must be on a list, so queries can contain nothing else. The live test checks that
//! they run and what they return.

use crate::report::Report;
use crate::support::board::{Board, Query};

/// Allowed keywords, in capitals as in the queries.
const KEYWORDS: &str = "AND AS BY DESC DISTINCT FILTER FROM GROUP LIMIT ORDER SELECT WHERE WITHIN";

/// Allowed functions; `epoch` is an argument of `extract`.
const FUNCTIONS: &str = "coalesce count epoch extract max percentile_cont sum";

/// The columns of `usage_events`, and the table itself.
const TABLE: &str = "usage_events event_id event_type occurred_at session_id username die_type rolls \
    trace_id received_at";

/// The macro for a graph's step. With 0 as fill value, graphs would end in a 0 for the step that
/// has just begun.
const STEP: &str = "$__timeGroupAlias(occurred_at,$__interval)";

/// The condition that excludes the step that has just begun, whose value is always too low.
const FINISHED: &str =
    "extract(epoch FROM occurred_at) < $__timeGroup(current_timestamp,$__interval)";

/// The macro for the time range.
const RANGE: &str = "$__timeFilter(occurred_at)";

pub(crate) fn check(board: &Board, report: &mut Report) {
    for query in board.sql() {
        let place = format!("{}: {}", board.file, query.place);
        check_words(&query, &place, report);
        check_macros(&query, &place, report);
    }
}

fn check_words(query: &Query, place: &str, report: &mut Report) {
    let text = &query.expr;
    report.require(
        text.starts_with("SELECT ") && text.matches("SELECT").count() == 1 && !text.contains(';'),
        "sql-select",
        place,
        "is not a single SELECT",
    );
    report.require(
        text.matches("FROM usage_events\n").count() == 1 && !text.contains("JOIN"),
        "sql-table",
        place,
        "selects from a table other than usage_events",
    );
    let mut named = false;
    for word in words(text) {
        let own = named
            || [KEYWORDS, FUNCTIONS, TABLE]
                .iter()
                .any(|list| has(list, &word));
        let problem = format!("{word} is not an allowed column, function or keyword");
        report.require(own, "sql-word", place, problem);
        named = word == "AS";
    }
}

fn check_macros(query: &Query, place: &str, report: &mut Report) {
    let text = &query.expr;
    report.require(
        text.contains(&format!("WHERE {RANGE}")),
        "sql-range",
        place,
        format!("is not limited to the time range: add WHERE {RANGE}"),
    );
    let steps = text.starts_with(&format!("SELECT {STEP},"));
    let grouped = text.contains("\nGROUP BY 1") && text.ends_with("\nORDER BY 1");
    report.require(
        query.instant || steps && grouped,
        "sql-steps",
        place,
        "is not grouped and ordered by the graph's steps",
    );
    report.require(
        query.instant || text.contains(&format!(" AND {FINISHED}\n")),
        "sql-unfinished",
        place,
        "ends in a step that has just begun",
    );
}

fn has(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|other| other == word)
}

/// The words outside of macros and strings; a name in double quotes is one word.
fn words(text: &str) -> Vec<String> {
    let without_macros = [STEP, FINISHED, RANGE].into_iter();
    let text = without_macros.fold(text.to_owned(), |text, found| text.replace(found, ""));
    let without_texts: String = text.split('\'').step_by(2).collect();
    without_texts
        .split('"')
        .enumerate()
        .flat_map(|(index, part)| match index % 2 {
            0 => part
                .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
                .filter(|word| word.starts_with(|c: char| !c.is_ascii_digit()))
                .map(str::to_owned)
                .collect::<Vec<_>>(),
            _ => vec![part.to_owned()],
        })
        .collect()
}
