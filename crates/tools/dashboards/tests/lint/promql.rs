//! PromQL: queries parse, use existing series, and use them correctly.

use std::collections::BTreeSet;

use promql_parser::parser::token::T_SUM;
use promql_parser::parser::{AggregateExpr, Call, Expr, LabelModifier, VectorSelector, parse};

use crate::exposed::Exposed;
use crate::report::Report;
use crate::support::board::{Board, Query, list, text};
use crate::support::interpolate::Values;

/// Functions for counters.
const COUNTER_FUNCTIONS: [&str; 4] = ["rate", "irate", "increase", "resets"];

/// Gauges that are back at rest within a request, so that scrapes find them there. A panel shows a
/// maximum that the service keeps, or a mean from counters of seconds.
const BRIEF: [&str; 3] = [
    "async_rolls_in_progress",
    "http_requests_in_progress",
    "database_connection_pool_available",
];

pub(crate) fn check(board: &Board, exposed: &Exposed, report: &mut Report) {
    let values = Values::an_hour(board.variables());
    for query in board.promql() {
        let place = format!("{}: {}", board.file, query.place);
        check_windows(&query, &place, report);
        match parse(&values.fill(&query.expr)) {
            Err(error) => report.require(false, "promql", &place, error),
            Ok(expr) => {
                let mut walk = Walk {
                    exposed,
                    place: &place,
                    report,
                };
                walk.visit(&expr, false);
                walk.check_legend(&query, &expr);
            }
        }
    }
    check_heatmaps(board, report);
    check_variables(board, &values, exposed, report);
}

/// A fixed window becomes wrong when the scrape interval or the time range changes.
fn check_windows(query: &Query, place: &str, report: &mut Report) {
    let annotation = query.place.starts_with("annotation ");
    let outside_of_strings: String = query.expr.split('"').step_by(2).collect();
    for window in outside_of_strings.split('[').skip(1) {
        let window = window.split(']').next().unwrap_or_default();
        report.require(
            ["$__rate_interval", "$__range"].contains(&window)
                || annotation && window == "$__interval",
            "window",
            place,
            format!("the window [{window}] is neither $__rate_interval nor $__range"),
        );
    }
}

/// Buckets become a heatmap only in heatmap format, and only if Grafana does not count them itself.
fn check_heatmaps(board: &Board, report: &mut Report) {
    for panel in board.panels() {
        let place = format!("{}: {}", board.file, text(panel, "title"));
        let heatmap = panel["type"] == "heatmap";
        for target in list(panel, "targets") {
            let by_bucket = text(target, "expr").starts_with("sum by (le)");
            report.require(
                !(heatmap || by_bucket)
                    || target["format"] == "heatmap" && target["legendFormat"] == "{{le}}",
                "heatmap",
                &place,
                "buckets are not in the format heatmap with the legend {{le}}",
            );
        }
        report.require(
            !heatmap || panel["options"]["calculate"] == false,
            "heatmap",
            &place,
            "Grafana would count the buckets' counts",
        );
    }
}

/// `label_values(selector, label)` must use existing series and an existing label.
fn check_variables(board: &Board, values: &Values, exposed: &Exposed, report: &mut Report) {
    let variables = list(&board.json["templating"], "list").iter();
    for variable in variables.filter(|v| v["type"] == "query") {
        let place = format!("{}: ${}", board.file, text(variable, "name"));
        let query = values.fill(text(&variable["query"], "query"));
        let inside = query
            .strip_prefix("label_values(")
            .and_then(|rest| rest.strip_suffix(')'));
        let parts = inside.and_then(|inside| inside.rsplit_once(", "));
        let selected = parts.and_then(|(selector, label)| match parse(selector) {
            Ok(Expr::VectorSelector(selector)) => Some((selector, label.to_owned())),
            _ => None,
        });
        let found = selected
            .is_some_and(|(selector, label)| exposed.label_names(&selector).contains(&label));
        report.require(found, "metric", place, format!("{query} finds nothing"));
    }
}

struct Walk<'a> {
    exposed: &'a Exposed,
    place: &'a str,
    report: &'a mut Report,
}

impl Walk<'_> {
    /// `counting` means directly inside a function for counters.
    fn visit(&mut self, expr: &Expr, counting: bool) {
        match expr {
            Expr::Aggregate(aggregate) => {
                self.check_grouping(aggregate);
                self.visit(&aggregate.expr, false);
            }
            Expr::Unary(unary) => self.visit(&unary.expr, false),
            Expr::Binary(binary) => {
                self.visit(&binary.lhs, false);
                self.visit(&binary.rhs, false);
            }
            Expr::Paren(paren) => self.visit(&paren.expr, counting),
            Expr::Subquery(subquery) => self.visit(&subquery.expr, false),
            Expr::VectorSelector(selector) => self.check_selector(selector, counting),
            Expr::MatrixSelector(matrix) => self.check_selector(&matrix.vs, counting),
            Expr::Call(call) => self.visit_call(call),
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
        }
    }

    fn visit_call(&mut self, call: &Call) {
        let counting = COUNTER_FUNCTIONS.contains(&call.func.name);
        if call.func.name == "histogram_quantile" {
            let by_bucket = call
                .args
                .args
                .get(1)
                .is_some_and(|buckets| sums_by_le(buckets));
            self.report.require(
                by_bucket,
                "quantile",
                self.place,
                "histogram_quantile needs a sum by (le ...)",
            );
        }
        for argument in &call.args.args {
            self.visit(argument, counting);
        }
    }

    fn check_selector(&mut self, selector: &VectorSelector, counting: bool) {
        let name = selector.name.as_deref().unwrap_or_default();
        let counter = self.exposed.is_counter(name);
        self.report.require(
            counting || !counter,
            "counter",
            self.place,
            format!("{name} is a counter: use its rate or increase"),
        );
        self.report.require(
            !counting || counter,
            "counter",
            self.place,
            format!("{name} is a gauge: do not use its rate"),
        );
        self.report.require(
            !BRIEF.contains(&name),
            "brief-gauge",
            self.place,
            format!("{name} is nearly always at rest when it is scraped"),
        );
        self.report.require(
            !self.exposed.label_names(selector).is_empty(),
            "metric",
            self.place,
            format!("no service exposes {selector}"),
        );
    }

    fn check_grouping(&mut self, aggregate: &AggregateExpr) {
        let Some(LabelModifier::Include(grouping)) = &aggregate.modifier else {
            return;
        };
        let there = self.labels(&aggregate.expr);
        for label in &grouping.labels {
            let problem = format!("groups by {label}, which its series do not have");
            self.report
                .require(there.contains(label), "label", self.place, problem);
        }
    }

    fn check_legend(&mut self, query: &Query, expr: &Expr) {
        let there = self.labels(expr);
        let named = query.legend.split("{{").skip(1);
        for label in named.filter_map(|rest| rest.split_once("}}")) {
            let problem = format!("the legend names {}, which its series do not have", label.0);
            self.report
                .require(there.contains(label.0), "label", self.place, problem);
        }
    }

    /// The labels of the series in the result of `expr`.
    fn labels(&self, expr: &Expr) -> BTreeSet<String> {
        match expr {
            Expr::Aggregate(aggregate) => match &aggregate.modifier {
                Some(LabelModifier::Include(labels)) => labels.labels.iter().cloned().collect(),
                Some(LabelModifier::Exclude(labels)) => {
                    let mut rest = self.labels(&aggregate.expr);
                    rest.retain(|label| !labels.labels.contains(label));
                    rest
                }
                None => BTreeSet::new(),
            },
            Expr::Unary(unary) => self.labels(&unary.expr),
            Expr::Binary(binary) => &self.labels(&binary.lhs) | &self.labels(&binary.rhs),
            Expr::Paren(paren) => self.labels(&paren.expr),
            Expr::Subquery(subquery) => self.labels(&subquery.expr),
            Expr::VectorSelector(selector) => self.exposed.label_names(selector),
            Expr::MatrixSelector(matrix) => self.exposed.label_names(&matrix.vs),
            Expr::Call(call) => self.labels_of_call(call),
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => BTreeSet::new(),
        }
    }

    fn labels_of_call(&self, call: &Call) -> BTreeSet<String> {
        let arguments = &call.args.args;
        let mut labels: BTreeSet<_> = arguments.iter().flat_map(|arg| self.labels(arg)).collect();
        match (call.func.name, arguments.get(1).map(|boxed| &**boxed)) {
            ("histogram_quantile", _) => {
                labels.remove("le");
            }
            ("label_replace", Some(Expr::StringLiteral(target))) => {
                labels.insert(target.val.clone());
            }
            _ => {}
        }
        labels
    }
}

fn sums_by_le(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(paren) => sums_by_le(&paren.expr),
        Expr::Aggregate(aggregate) if aggregate.op.id() == T_SUM => {
            matches!(&aggregate.modifier, Some(LabelModifier::Include(by)) if by.labels.iter().any(|label| label == "le"))
        }
        _ => false,
    }
}
