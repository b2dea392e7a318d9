//! Every PromQL query of every dashboard, checked by Prometheus' own parser: `promtool check rules`.
//!
//! The lint analyses the same queries with the crate `promql-parser`, which also accepts queries that
//! Prometheus rejects, see [`ONLY_THE_CRATE_ACCEPTS`].

#[path = "support/support.rs"]
mod support;

use promql_parser::parser::parse;
use serde_json::{Value, json};
use support::board::boards;
use support::interpolate::Values;
use support::promtool;

/// Queries that `promql-parser` accepts and Prometheus rejects without a feature flag.
const ONLY_THE_CRATE_ACCEPTS: [&str; 3] = ["limitk(2, up)", "mad_over_time(up[5m])", "info(up)"];

#[test]
fn prometheus_accepts_every_query() {
    let mut queries = Vec::new();
    for board in boards() {
        let values = Values::an_hour(board.variables());
        let filled = board.promql().into_iter().map(|it| values.fill(&it.expr));
        queries.extend(filled);
    }
    for runbook in slo::runbook::read_all().expect("the runbooks can be read") {
        let own = runbook.queries().into_iter();
        queries.extend(own.filter(|it| it.language == "promql").map(|it| it.text));
    }
    assert!(queries.len() > 300, "only {} queries found", queries.len());
    if let Some(verdict) = promtool::rules("check", &recorded(&queries)) {
        assert_eq!(verdict, Ok(()));
    }
}

#[test]
fn queries_that_only_the_crate_accepts_are_found() {
    for query in ONLY_THE_CRATE_ACCEPTS {
        assert!(parse(query).is_ok(), "{query} is no longer an example");
        let Some(verdict) = promtool::rules("check", &recorded(&[query.to_owned()])) else {
            return;
        };
        let problem = verdict.expect_err(query);
        assert!(problem.contains("could not parse expression"), "{problem}");
    }
}

/// A rules file that records each query; JSON is valid YAML.
fn recorded(queries: &[String]) -> String {
    let rules: Vec<Value> = (queries.iter().enumerate())
        .map(
            |(number, query)| json!({ "record": format!("checked:query:{number}"), "expr": query }),
        )
        .collect();
    json!({ "groups": [{ "name": "queries", "rules": rules }] }).to_string()
}
