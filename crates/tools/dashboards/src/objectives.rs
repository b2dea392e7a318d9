//! The dashboards of the objectives: an overview that is understood in ten seconds, and the details of
//! one objective.

mod detail;
mod overview;

use crate::model::colour::{GREEN, RED, YELLOW};
use crate::model::dashboard::Dashboard;
use crate::model::layout::{Line, Row};
use crate::model::panel::Panel;
use crate::model::target::query;
use crate::model::unit;
use crate::model::variable::Variable;
use crate::model::viz::Viz;

const OVERVIEW: &str = "slo-overview";
const DETAIL: &str = "slo-detail";

/// Both dashboards.
pub(crate) fn dashboards() -> [Dashboard; 2] {
    [overview::dashboard(), detail::dashboard()]
}

/// The common parts. `uid` is one of the above.
fn dashboard(
    uid: &str,
    title: &str,
    description: &str,
    variables: Vec<Variable>,
    lines: Vec<Line>,
) -> Dashboard {
    Dashboard {
        file: format!("{uid}.json"),
        uid: uid.to_owned(),
        title: title.to_owned(),
        description: description.to_owned(),
        tags: vec!["slo".to_owned(), "observability-demo".to_owned()],
        refresh: "10s",
        variables,
        jobs: r#"service!="""#.to_owned(),
        rows: vec![Row::new("Objectives", lines)],
        headers: false,
        stage: None,
    }
}

/// What fired, and when: one bar for each alert that `selector` selects.
fn timeline(title: &'static str, description: &'static str, selector: &str) -> Panel {
    let firing = |severity: &str, more: &str| {
        format!(
            r#"max by (alertname) (ALERTS{{alertstate="firing",severity="{severity}"{selector}}}{more})"#
        )
    };
    let page = firing("page", "");
    let ticket = firing("ticket", "");
    Panel::new(Viz::BareTimeline, title, description)
        .target(query("{{alertname}}", format!("2 * {page} or {ticket}")))
        .unit(unit::COUNT)
        .word("0", "quiet", GREEN)
        .word("1", "ticket", YELLOW)
        .word("2", "page", RED)
        .no_value("no alert has fired")
}

/// The part of the budget that is left: how it looks everywhere.
fn budget(panel: Panel) -> Panel {
    panel
        .unit(unit::RATIO)
        .decimals(1)
        .thresholds(RED, &[(0.0, YELLOW), (0.25, GREEN)])
        .no_value("no events yet")
}
