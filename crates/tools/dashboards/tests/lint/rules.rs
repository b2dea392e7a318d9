//! The rules of the objectives and alerts use existing series, with the labels and buckets that they
//! have: a bound that is no bucket of its histogram, for example, finds nothing.

use promql_parser::parser::{Expr, VectorSelector, parse};
use slo::Clock;

use crate::services;

/// Series of other programs, and those that rules record.
const ELSEWHERE: [&str; 3] = ["prometheus_", "scrape_", "slo:"];

#[tokio::test]
async fn rules_use_existing_series() {
    let exposed = services::cold().await;
    let groups = slo::rules::groups(Clock::Day, &slo::slos()).expect("alerts that can fire");
    let mut found = 0;
    for rule in groups.iter().flat_map(|group| &group.rules) {
        let expr = parse(rule.expr()).unwrap_or_else(|error| panic!("{rule:?}: {error}"));
        for selector in selectors(&expr) {
            let name = selector.name.as_deref().unwrap_or_default();
            if !ELSEWHERE.iter().any(|prefix| name.starts_with(prefix)) {
                found += 1;
                let there = !exposed.select(selector).is_empty();
                assert!(there, "no service exposes {selector}: {}", rule.expr());
            }
        }
    }
    assert!(found > 100, "only {found} selectors found");
}

fn selectors(expr: &Expr) -> Vec<&VectorSelector> {
    match expr {
        Expr::Aggregate(aggregate) => selectors(&aggregate.expr),
        Expr::Unary(unary) => selectors(&unary.expr),
        Expr::Binary(binary) => [selectors(&binary.lhs), selectors(&binary.rhs)].concat(),
        Expr::Paren(paren) => selectors(&paren.expr),
        Expr::Subquery(subquery) => selectors(&subquery.expr),
        Expr::VectorSelector(selector) => vec![selector],
        Expr::MatrixSelector(matrix) => vec![&matrix.vs],
        Expr::Call(call) => call.args.args.iter().flat_map(|it| selectors(it)).collect(),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => Vec::new(),
    }
}

/// The queries of the runbooks find something, too.
#[tokio::test]
async fn runbooks_use_existing_series() {
    let exposed = services::cold().await;
    for runbook in slo::runbook::read_all().expect("the runbooks can be read") {
        for query in runbook
            .queries()
            .iter()
            .filter(|it| it.language == "promql")
        {
            let place = format!("{}: {}", runbook.alert, query.text);
            let expr = parse(&query.text).unwrap_or_else(|error| panic!("{place}: {error}"));
            for selector in selectors(&expr) {
                let name = selector.name.as_deref().unwrap_or_default();
                let others = ELSEWHERE.iter().chain(&["ALERTS", "otelcol_", "pg_"]);
                if name.is_empty() || others.into_iter().any(|it| name.starts_with(it)) {
                    continue;
                }
                let there = !exposed.select(selector).is_empty();
                assert!(there, "no service exposes {selector}: {place}");
            }
        }
    }
}
