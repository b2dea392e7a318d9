//! The stages' dashboards: all rows, filtered.

use stages::Stage;

use crate::model::dashboard::Dashboard;
use crate::model::layout::rows_of;
use crate::model::variable::Variable;
use crate::rows;

/// Matches no trace. With an empty value the waterfall would query Tempo for an empty trace id and
/// show the error.
const NO_TRACE: &str = "{ false }";

/// The dashboard of one stage.
pub(crate) fn dashboard(stage: Stage) -> Dashboard {
    let number = stage.number();
    let (subtitle, tag, description) = about(stage);
    Dashboard {
        file: format!("stage{number}-dashboard.json"),
        uid: stage.dashboard_uid(),
        title: format!("Dice Roller - Stage {number} ({subtitle})"),
        description: description.to_owned(),
        tags: vec![
            format!("stage{number}"),
            "dice-roller".to_owned(),
            tag.to_owned(),
            "observability-demo".to_owned(),
        ],
        refresh: "5s",
        variables: vec![Variable::OneOf {
            name: "traceId",
            label: "Trace",
            description: "The trace that the waterfall shows: click a trace id in a table, or \
                paste one from the page or a log line.",
            default: ("none picked", NO_TRACE),
        }],
        // PostgreSQL's exporter is a separate process.
        jobs: r#"job=~".+-stageN",service!="postgres""#.to_owned(),
        rows: rows_of(stage, rows::all()),
        headers: true,
        stage: Some(stage),
    }
}

/// The subtitle, tag and description of a stage's dashboard.
fn about(stage: Stage) -> (&'static str, &'static str, &'static str) {
    match stage {
        Stage::One => (
            "Single Service",
            "single-service",
            "One service: request rate, errors and latency, its logs, and traces of one process.",
        ),
        Stage::Two => (
            "Frontend",
            "frontend",
            "A frontend calls dice-roller: one trace now spans two processes.",
        ),
        Stage::Three => (
            "Die Service",
            "microservices",
            "Three services in a chain: which one is slow, and which one fails?",
        ),
        Stage::Four => (
            "Async Rolling",
            "async",
            "Batches of concurrent rolls: what concurrency looks like in metrics and in traces.",
        ),
        Stage::Five => (
            "Database",
            "database",
            "The dice are in PostgreSQL: queries, connection pools, and the effects of an outage \
             on each service.",
        ),
        Stage::Six => (
            "Usage Routing",
            "log-routing",
            "Usage data leaves the log stream: usage events go to their own database, all other \
             lines to Loki as before.",
        ),
    }
}
