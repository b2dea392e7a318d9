//! The frontend: its requests, and how well its backend serves them.

use stages::Stage;

use crate::model::colour::Palette;
use crate::model::layout::{Line, Row};
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::promql::{percentiles, quantile, share};
use crate::model::target::query;
use crate::model::unit;
use crate::model::viz::Viz;

/// dice-roller's answers to requests from the frontend.
const ROLLS: &str = r#"job="dice-roller-stageN",handler=~"/roll.*""#;

pub(crate) fn row() -> Row {
    let panels = [request_rate(), backend_duration(), error_rate()];
    let panels = panels.map(|panel| panel.since(Stage::Two));
    Row::new("HTTP Metrics - Frontend", [Line::new(7, panels)]).red()
}

fn request_rate() -> Panel {
    Panel::new(
        Viz::Lines,
        "Request Rate - Frontend",
        "Requests per second by route: the page itself and the rolls. Compare the rolls with \
         dice-roller's request rate: requests missing there never arrived.",
    )
    .target(query(
        "{{handler}}",
        r#"sum by (handler) (rate(http_requests_total{job="frontend-stageN"}[$__rate_interval]))"#,
    ))
    .unit(unit::REQUESTS)
    .palette(Palette::Routes)
}

fn backend_duration() -> Panel {
    Panel::new(
        Viz::Lines,
        "Backend Request Duration",
        "How long the frontend waited for dice-roller. The difference to dice-roller's own \
         latency, the dashed line, was spent on the network.",
    )
    .targets(percentiles(
        "streamlit_request_duration_seconds",
        r#"job="frontend-stageN""#,
    ))
    .target(query(
        "P95 of dice-roller",
        quantile(
            "0.95",
            "http_request_duration_seconds",
            ROLLS,
            "$__rate_interval",
        ),
    ))
    .unit(unit::SECONDS)
    .palette(Palette::Quantiles)
    .link(Link::traces(
        "Calls at least this slow",
        r#"{ resource.service.name = "frontend" && kind = client && duration >= ${__value.raw}s }"#,
    ))
}

fn error_rate() -> Panel {
    let failed = r#"status_code=~"5..""#;
    Panel::new(
        Viz::Lines,
        "Frontend Error Rate",
        "Share of rolls that ended in 5xx for the user, whichever service failed. An error that \
         dice-roller's metrics do not show occurred between the two services.",
    )
    .target(query(
        "error",
        share(
            "streamlit_requests_total",
            failed,
            r#"job="frontend-stageN""#,
            "$__rate_interval",
        ),
    ))
    .unit(unit::RATIO)
    .max(1.0)
    .palette(Palette::Outcomes)
    .link(Link::traces(
        "Traces with errors",
        r#"{ resource.service.name = "frontend" && kind = server && status = error }"#,
    ))
}
