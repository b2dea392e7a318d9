//! The order of a dashboard: overall health, each service, what is new in this stage, and
//! everything else, collapsed.

use std::collections::BTreeSet;

use stages::Stage;

use crate::report::Report;
use crate::support::board::{Board, list, text};

/// Grid rows that are visible without scrolling at 1280 by 720.
const SCREEN: u64 = 17;

/// Minimum height of a waterfall in grid rows: 24 spans, which fits the largest batch.
const WATERFALL: u64 = 24;

/// Maximum number of queries that a dashboard sends when it is opened, and again at each refresh.
const QUERIES: usize = 50;

/// The panels that show overall health.
const ANSWERS: [&str; 3] = ["Services Up", "Error Ratio", "Health by Service"];

/// Rows that each stage introduces, which are open in it.
const NEWS: [(Stage, &[&str]); 6] = [
    (Stage::One, &["Business Metrics", "Logs"]),
    (Stage::Two, &["HTTP Metrics - Frontend"]),
    (
        Stage::Three,
        &["HTTP Metrics - Die Service", "Service-to-Service Metrics"],
    ),
    (
        Stage::Four,
        &["Async Roll Metrics", "Async Performance Comparison"],
    ),
    (
        Stage::Five,
        &["Database", "PostgreSQL Health", "Resilience"],
    ),
    (Stage::Six, &["Usage Events", "Usage Routing"]),
];

pub(crate) fn check(board: &Board, report: &mut Report) {
    check_queries(board, report);
    let shorter = list(&board.json, "links").iter();
    report.require(
        shorter
            .into_iter()
            .any(|link| text(link, "url").contains("from=now-15m")),
        "minutes",
        &board.file,
        "has no link to a range that a fresh start fills",
    );
    let Some(stage) = board.stage() else { return };
    check_top(board, report);
    check_order(board, stage, report);
}

fn check_top(board: &Board, report: &mut Report) {
    for title in ANSWERS {
        let panel = board.open_panels().find(|panel| panel["title"] == title);
        let place = panel.map(|panel| &panel["gridPos"]);
        let bottom = place.and_then(|place| place["y"].as_u64().zip(place["h"].as_u64()));
        report.require(
            bottom.is_some_and(|(y, h)| y + h <= SCREEN),
            "story-top",
            &board.file,
            format!("{title:?} is not visible without scrolling"),
        );
    }
}

fn check_order(board: &Board, stage: Stage, report: &mut Report) {
    let items = list(&board.json, "panels").iter();
    let rows: Vec<_> = items.filter(|item| item["type"] == "row").collect();
    let news = NEWS.iter().filter(|(since, _)| *since == stage);
    let news: Vec<_> = news.flat_map(|(_, titles)| *titles).collect();
    let mut folded = false;
    for row in rows {
        let title = text(row, "title");
        let first = title == "Overview" || title.starts_with("HTTP Metrics");
        let open = first || news.contains(&&title);
        folded |= row["collapsed"] == true;
        report.require(
            open != (row["collapsed"] == true) && !(open && folded),
            "story-order",
            &board.file,
            format!(
                "{title:?} must be open and near the top if it is new, and collapsed otherwise"
            ),
        );
    }
    let waits = board.open_panels().any(|panel| panel["type"] == "traces");
    let details = ["Distributed Traces", "Async Trace Visualization"];
    let unfolded = list(&board.json, "panels")
        .iter()
        .any(|item| details.contains(&text(item, "title")) && item["collapsed"] != true);
    let empty = waits || unfolded;
    check_waterfalls(board, report);
    report.require(
        !empty,
        "story-empty",
        &board.file,
        "a waterfall without a trace is open",
    );
}

/// A waterfall shows the trace of a batch without scrolling.
fn check_waterfalls(board: &Board, report: &mut Report) {
    let waterfalls = board.panels().filter(|panel| panel["type"] == "traces");
    for panel in waterfalls {
        let height = panel["gridPos"]["h"].as_u64();
        report.require(
            height.is_some_and(|height| height >= WATERFALL),
            "waterfall-height",
            &board.file,
            format!("{:?} is too low for the trace of a batch", panel["title"]),
        );
    }
}

/// No two panels send the same query, and the number of queries on opening is limited.
fn check_queries(board: &Board, report: &mut Report) {
    let (open, _) = board.query_counts();
    report.require(
        open <= QUERIES,
        "query-count",
        &board.file,
        format!("sends {open} queries when it is opened, at most {QUERIES} are allowed"),
    );
    let mut seen = BTreeSet::new();
    for panel in board.panels() {
        for target in list(panel, "targets") {
            let text = [
                text(target, "expr"),
                text(target, "rawSql"),
                text(target, "query"),
            ]
            .concat();
            let key = (
                text,
                target["instant"] == true,
                panel["interval"].to_string(),
            );
            let place = format!("{}: {}", board.file, panel["title"]);
            let new = seen.insert(key) || panel["type"] == "traces";
            report.require(
                new,
                "duplicate-query",
                place,
                "another panel sends the same query",
            );
        }
    }
}
