//! Positions of panels.

use serde_json::Value;

use crate::report::Report;
use crate::support::board::{Board, list, text};

#[derive(Debug, Clone, Copy)]
struct Rectangle {
    x: u64,
    y: u64,
    w: u64,
    h: u64,
}

impl Rectangle {
    fn of(panel: &Value) -> Option<Self> {
        let side = |key: &str| panel["gridPos"][key].as_u64();
        Some(Self {
            x: side("x")?,
            y: side("y")?,
            w: side("w")?,
            h: side("h")?,
        })
    }

    fn overlaps(self, other: Self) -> bool {
        self.x < other.x + other.w
            && other.x < self.x + self.w
            && self.y < other.y + other.h
            && other.y < self.y + self.h
    }
}

pub(crate) fn check(board: &Board, report: &mut Report) {
    let items = list(&board.json, "panels");
    check_apart(board, items, report);
    for row in items.iter().filter(|item| item["type"] == "row") {
        check_apart(board, list(row, "panels"), report);
    }
}

/// Checks panels that can be visible at the same time.
fn check_apart(board: &Board, panels: &[Value], report: &mut Report) {
    let mut before: Vec<(Rectangle, &str)> = Vec::new();
    for panel in panels {
        let title = text(panel, "title");
        let place = format!("{}: {title}", board.file);
        let Some(here) = Rectangle::of(panel) else {
            report.require(false, "grid", place, "no position");
            continue;
        };
        report.require(
            here.w >= 1 && here.h >= 1 && here.x + here.w <= 24,
            "grid",
            &place,
            "outside of the grid's 24 columns",
        );
        for (there, other) in &before {
            let apart = !here.overlaps(*there);
            report.require(apart, "overlap", &place, format!("overlaps {other:?}"));
        }
        before.push((here, title));
    }
}
