//! The dashboards of KTRDR, the fleet of workers: an overview and two for details.

mod operations;
mod system_overview;
mod worker_status;

use crate::model::dashboard::Dashboard;
use crate::model::layout::{Line, Row};
use crate::model::panel::Panel;
use crate::model::variable::Variable;

const SYSTEM_OVERVIEW: &str = "ktrdr-system-overview";
const WORKER_STATUS: &str = "ktrdr-worker-status";
const OPERATIONS: &str = "ktrdr-operations";

/// All three dashboards.
pub(crate) fn dashboards() -> [Dashboard; 3] {
    [
        system_overview::dashboard(),
        worker_status::dashboard(),
        operations::dashboard(),
    ]
}

/// The common parts of the three dashboards. `uid` is one of the above.
fn dashboard(
    uid: &str,
    title: &str,
    description: &str,
    variables: Vec<Variable>,
    lines: [Line; 4],
) -> Dashboard {
    Dashboard {
        file: format!("{}.json", uid.trim_start_matches("ktrdr-")),
        uid: uid.to_owned(),
        title: title.to_owned(),
        description: description.to_owned(),
        tags: vec!["ktrdr".to_owned(), "observability-demo".to_owned()],
        refresh: "30s",
        variables,
        jobs: r#"job=~"ktrdr-.+""#.to_owned(),
        rows: vec![Row::new("KTRDR", lines)],
        headers: false,
        stage: None,
    }
}

/// Their common layout: four figures, a wide panel, two halves, a wide panel.
fn layout(figures: [Panel; 4], wide: Panel, halves: [Panel; 2], last: Panel) -> [Line; 4] {
    [
        Line::new(4, figures),
        Line::new(8, [wide]),
        Line::new(9, halves),
        Line::new(9, [last]),
    ]
}
