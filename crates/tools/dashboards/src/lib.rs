//! The source of every Grafana dashboard. [`compile`] turns it into `dashboards/*.json`, which are
//! committed and mounted into Grafana; a test fails if the two differ.
//!
//! Structure:
//!
//! * `rows/` holds the rows of the six stages' dashboards, one file each: its panels from left
//!   to right and top to bottom, each with the [`Stage`] that first has its data. A stage's
//!   dashboard (`stages.rs`) consists of all rows, filtered by stage.
//! * `ktrdr/` holds the three dashboards of the second system.
//! * `objectives/` holds the dashboards of the objectives and alerts.
//! * `cost/` holds the dashboard of what telemetry costs.
//! * `model/` defines panels, queries and dashboards, and renders them as Grafana's classic
//!   JSON. All conventions live there: datasources, colours, links, the grid.
//!
//! Queries contain `stageN` as a placeholder for the stage, as in `job="dice-roller-stageN"`.

mod cost;
mod ktrdr;
mod model;
mod objectives;
mod rows;
mod stage_dashboards;

use stages::Stage;

/// Every dashboard as the name of its file and its JSON, which ends in a newline.
#[must_use]
pub fn compile() -> Vec<(String, String)> {
    let stages = Stage::ALL.into_iter().map(stage_dashboards::dashboard);
    stages
        .chain(ktrdr::dashboards())
        .chain(objectives::dashboards())
        .chain([cost::dashboard()])
        .map(|dashboard| (dashboard.file.clone(), dashboard.to_json()))
        .collect()
}
