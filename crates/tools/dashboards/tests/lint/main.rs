//! The compiled dashboards: they are committed, complete, and free of mistakes that Grafana does
//! not report.

#[path = "../support/support.rs"]
mod support;

mod anchored;
mod apart;
mod bad;
mod columns;
mod documented;
mod exposed;
mod file;
mod grid;
mod links;
mod losses;
mod meaning;
mod panel;
mod pictures;
mod promql;
mod report;
mod rules;
mod services;
mod sql;
mod story;
mod tree;

use std::fs;
use std::path::Path;

use report::Report;
use support::board::{Board, boards};

use crate::exposed::Exposed;

/// Applies every rule to every dashboard. `exposed` holds the series that Prometheus scrapes.
fn lint(boards: &[Board], exposed: &Exposed) -> Report {
    let mut report = Report::default();
    file::check_together(boards, &mut report);
    for board in boards {
        lint_one(board, boards, exposed, &mut report);
    }
    report
}

fn lint_one(board: &Board, all: &[Board], exposed: &Exposed, report: &mut Report) {
    file::check(board, report);
    panel::check(board, report);
    grid::check(board, report);
    promql::check(board, exposed, report);
    sql::check(board, report);
    links::check(board, all, report);
    anchored::check(board, report);
    meaning::check(board, report);
    story::check(board, report);
    columns::check(board, report);
    losses::check(board, report);
    apart::check(board, report);
}

#[tokio::test]
async fn dashboards_follow_every_rule() {
    let report = lint(&boards(), &services::cold().await);
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn committed_json_is_what_the_source_compiles_to() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../dashboards"));
    for (file, compiled) in dashboards::compile() {
        let committed = fs::read_to_string(folder.join(&file)).unwrap_or_default();
        assert!(
            committed == compiled,
            "dashboards/{file} is out of date: run `cargo xtask dashboards`"
        );
    }
    let committed = fs::read_dir(folder).expect("the folder of compiled dashboards exists");
    let committed = committed.map(|entry| entry.expect("readable").path());
    // The other file is for kustomize.
    let committed = committed.filter(|path| path.extension().is_some_and(|it| it == "json"));
    assert_eq!(
        committed.count(),
        dashboards::compile().len(),
        "a file in dashboards/ has no source"
    );
}

#[test]
fn each_dashboard_has_its_uid_and_title() {
    let wanted = [
        ("stage1-dashboard.json", "stage1-dice-roller", 12),
        ("stage2-dashboard.json", "stage2-dice-roller", 18),
        ("stage3-dashboard.json", "stage3-dice-roller", 24),
        ("stage4-dashboard.json", "stage4-dice-roller", 33),
        ("stage5-dashboard.json", "stage5-dice-roller", 42),
        ("stage6-dashboard.json", "stage6-dice-roller", 46),
        ("system-overview.json", "ktrdr-system-overview", 8),
        ("worker-status.json", "ktrdr-worker-status", 8),
        ("operations.json", "ktrdr-operations", 8),
        ("slo-overview.json", "slo-overview", 6),
        ("slo-detail.json", "slo-detail", 9),
        ("observability-cost.json", "observability-cost", 18),
    ];
    let boards = boards();
    assert_eq!(boards.len(), wanted.len());
    for (board, (file, uid, panels)) in boards.iter().zip(wanted) {
        assert_eq!(board.file, file);
        assert_eq!(board.json["uid"], uid);
        assert!(
            board.panels().count() >= panels,
            "{file} has {} panels",
            board.panels().count()
        );
    }
}

#[test]
fn stage_four_matches_the_specification() {
    let boards = boards();
    let board = boards.iter().find(|b| b.file.starts_with("stage4"));
    let board = board.expect("stage 4 has a dashboard");
    let json = &board.json;
    assert_eq!(json["title"], "Dice Roller - Stage 4 (Async Rolling)");
    assert_eq!(
        json["tags"],
        serde_json::json!(["stage4", "dice-roller", "async", "observability-demo"])
    );
    assert_eq!(json["refresh"], "5s");
    assert_eq!(json["time"]["from"], "now-1h");
    let rows = board.items().filter(|panel| panel["type"] == "row");
    assert_eq!(rows.count(), 12);
}

/// The menu of a waterfall has a button that opens a form on Grafana's website.
#[test]
fn no_panel_links_to_the_internet() {
    let stack = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docker-compose.yml");
    let stack = fs::read_to_string(stack).expect("the stack is there");
    assert!(stack.contains("GF_ANALYTICS_FEEDBACK_LINKS_ENABLED: \"false\""));
    for board in boards() {
        let text = board.json.to_string();
        assert!(
            !text.contains("://"),
            "{} has an address of its own",
            board.file
        );
    }
}
