//! LogQL and TraceQL, parsed with the grammars of Grafana's own editors.
//!
//! The grammars are npm packages: this needs `node` and `npm`, and runs `npm ci` once.

#[path = "support/support.rs"]
mod support;

use serde_json::{Value, json};
use support::board::boards;
use support::interpolate::Values;
use support::node;

#[test]
fn every_query_parses() {
    let mut places = Vec::new();
    let mut queries = Vec::new();
    for board in boards() {
        let values = Values::an_hour(board.variables());
        let logql = board.logql().into_iter().map(|query| ("logql", query));
        let traceql = board.traceql().into_iter().map(|query| ("traceql", query));
        for (language, (title, query)) in logql.chain(traceql) {
            places.push(format!("{}: {title}: {query}", board.file));
            queries.push(json!({ "language": language, "query": values.fill(&query) }));
        }
    }
    for runbook in slo::runbook::read_all().expect("the runbooks can be read") {
        let queries_of_it = runbook.queries().into_iter();
        for query in queries_of_it.filter(|query| query.language != "promql") {
            places.push(format!("{}.md: {}", runbook.alert, query.text));
            queries.push(json!({ "language": query.language, "query": query.text }));
        }
    }
    let Some(errors) = first_errors(&queries) else {
        return;
    };
    let broken: Vec<_> = places
        .iter()
        .zip(&errors)
        .filter(|(_, error)| !error.is_null())
        .map(|(place, error)| format!("{place}\n  stops at {error}"))
        .collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    assert!(queries.len() > 50, "only {} queries found", queries.len());
}

#[test]
fn mistakes_of_the_specification_are_found() {
    let wrong = [
        (
            "traceql",
            r#"{service.name="dice-roller"} | json | span_name =~ "async_roll_.*""#,
        ),
        (
            "traceql",
            r#"{service.name="dice-roller"} | json | async.batch_size > 5"#,
        ),
        (
            "traceql",
            r#"service.name="dice-roller" AND span.name contains "async""#,
        ),
        ("logql", "{container_name=dice-roller}"),
        (
            "logql",
            r#"{container_name="dice-roller"} | json | message contains "Async""#,
        ),
    ];
    let queries = wrong.map(|(language, query)| json!({ "language": language, "query": query }));
    let Some(errors) = first_errors(&queries) else {
        return;
    };
    for ((_, query), error) in wrong.iter().zip(errors) {
        assert!(!error.is_null(), "accepted: {query}");
    }
}

/// Valid queries for Tempo 3.0.3 that Grafana's grammar rejects. If a dashboard needs one of these,
/// the first test must make an exception.
const VALID_BUT_REJECTED: [&str; 4] = [
    "{ nestedSetParent < 0 }",
    "{ duration > 1h30m }",
    "{} | rate() with (exemplars=true)",
    "{ span.ratio > .5 }",
];

#[test]
fn valid_queries_that_the_grammar_rejects_are_known() {
    let queries = VALID_BUT_REJECTED.map(|query| json!({ "language": "traceql", "query": query }));
    let Some(errors) = first_errors(&queries) else {
        return;
    };
    for (query, error) in VALID_BUT_REJECTED.iter().zip(errors) {
        assert!(
            !error.is_null(),
            "accepted now, remove it from the list: {query}"
        );
    }
}

/// The text of each query from its first error on, or null; none if Node is missing.
fn first_errors(queries: &[Value]) -> Option<Vec<Value>> {
    let answer = node::run("grammar", "check.mjs", &Value::from(queries))?;
    answer.as_array().cloned()
}
