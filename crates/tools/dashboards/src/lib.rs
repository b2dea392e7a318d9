//! The source of every Grafana dashboard. [`compile`] turns it into `dashboards/*.json`, which
//! are committed and mounted into Grafana; a test fails when the two differ.
//!
//! How to read it:
//!
//! * `rows/` holds the rows of the six stages' dashboards, one file each: its panels, from left
//!   to right and top to bottom, with the [`Stage`] since which each can be filled. A stage's
//!   dashboard (`stage_dashboards.rs`) is all rows, filtered by that.
//! * `ktrdr/` holds the three dashboards of the second system.
//! * `model/` is what a panel, a query and a dashboard are, and how they become Grafana's classic
//!   JSON. Conventions live there and nowhere else: datasources, colours, links, the grid.
//!
//! Queries say `stageN` where the stage's number belongs, as in `job="dice-roller-stageN"`.

mod ktrdr;
mod model;
mod rows;
mod stage_dashboards;

use stages::Stage;

/// Every dashboard as the name of its file and its JSON, which ends in a newline.
#[must_use]
pub fn compile() -> Vec<(String, String)> {
    let stages = Stage::ALL.into_iter().map(stage_dashboards::dashboard);
    stages
        .chain(ktrdr::dashboards())
        .map(|dashboard| (dashboard.file.clone(), dashboard.to_json()))
        .collect()
}
