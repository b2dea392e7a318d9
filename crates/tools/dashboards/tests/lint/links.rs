//! Links of a panel: to the traces behind a value, and to other dashboards.

use serde_json::Value;

use crate::report::Report;
use crate::support::board::{Board, list, text};
use crate::support::links::{traceql, urls};

pub(crate) fn check(board: &Board, all: &[Board], report: &mut Report) {
    let tags: Vec<_> = all.iter().flat_map(|b| list(&b.json, "tags")).collect();
    for link in list(&board.json, "links") {
        let there = list(link, "tags").iter().all(|tag| tags.contains(&tag));
        report.require(
            there,
            "dashboard-link",
            &board.file,
            format!("{link} matches no dashboard"),
        );
    }
    for panel in board.panels() {
        let place = format!("{}: {}", board.file, text(panel, "title"));
        let urls = urls(panel);
        report.require(
            !needs_traces(panel) || urls.iter().any(|url| traceql(url).is_some()),
            "trace-link",
            &place,
            "shows latency or errors without a link to the traces behind them",
        );
        for url in urls.iter().filter_map(|url| url.strip_prefix("/d/")) {
            let uid = url.split('?').next().unwrap_or_default();
            let there = all.iter().any(|other| other.json["uid"] == uid);
            let problem = format!("links to the dashboard {uid:?}, which does not exist");
            report.require(there, "dashboard-link", &place, problem);
        }
    }
}

/// Whether a panel's values are durations of requests or counts of failures.
fn needs_traces(panel: &Value) -> bool {
    let targets = list(panel, "targets").iter();
    targets
        .filter(|target| target["datasource"]["type"] == "prometheus")
        .map(|target| text(target, "expr"))
        .any(|expr| latency(expr) || expr.contains(r#"=~"5..""#) || expr.contains("failed"))
}

/// A rate of seconds is a load rather than a duration.
fn latency(expr: &str) -> bool {
    expr.contains("duration") && (expr.contains("_bucket{") || expr.contains(" / ("))
}
