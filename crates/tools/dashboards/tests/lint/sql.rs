//! SQL: one SELECT from the one table, over the dashboard's time range.
//!
//! Every word is on a list, so that nothing else can be in a query. That it runs, and what comes
//! of it, the live test sees.

use crate::report::Report;
use crate::support::board::{Board, Query};

/// What may be said, in capitals as it is written.
const KEYWORDS: &str = "AND AS BY DESC DISTINCT FILTER FROM GROUP LIMIT ORDER SELECT WHERE WITHIN";

/// What may be called; `epoch` is an argument of `extract`.
const FUNCTIONS: &str = "coalesce count epoch extract max percentile_cont sum";

/// The columns of `usage_events`, and the table itself.
const TABLE: &str = "usage_events event_id event_type occurred_at session_id username die_type rolls \
    trace_id received_at";

/// The macro for a graph's step. Filled with 0 it would end in a 0 for the step that has just begun.
const STEP: &str = "$__timeGroupAlias(occurred_at,$__interval)";

/// What leaves out the step that has just begun: it is always lower than those before it.
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
        "asks for something else than usage_events",
    );
    let mut named = false;
    for word in words(text) {
        let own = named
            || [KEYWORDS, FUNCTIONS, TABLE]
                .iter()
                .any(|list| has(list, &word));
        let problem = format!("{word} is no column, function or word that a panel needs");
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
        format!("does not keep to the time range: WHERE {RANGE}"),
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

/// The words outside of macros and texts; a name in double quotes is one.
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
