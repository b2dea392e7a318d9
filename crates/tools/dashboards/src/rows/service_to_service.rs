//! The calls from dice-roller to die-service, as dice-roller measures them.

use stages::Stage;

use crate::model::colour::Palette;
use crate::model::layout::{Line, Row};
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::promql::{percentiles, quantile};
use crate::model::target::query;
use crate::model::unit;
use crate::model::viz::Viz;

/// die-service's answers to dice-roller's requests.
const DIES: &str = r#"job="die-service-stageN",handler!="unknown""#;

pub(crate) fn row() -> Row {
    let panels = [rate(), duration()].map(|panel| panel.since(Stage::Three));
    Row::new("Service-to-Service Metrics", [Line::new(9, panels)])
}

fn rate() -> Panel {
    Panel::new(
        Viz::Lines,
        "Die Service Request Rate",
        "Calls per second by outcome, counted by dice-roller. \"error\" and \"timeout\" appear here \
         even when die-service is down and cannot count.",
    )
    .target(query(
        "{{status}}",
        r#"sum by (status) (rate(die_service_requests_total{job="dice-roller-stageN"}[$__rate_interval]))"#,
    ))
    .unit(unit::REQUESTS)
    .palette(Palette::Outcomes)
    .link(Link::traces(
        "Calls that failed",
        r#"{ resource.service.name = "dice-roller" && kind = client && status = error }"#,
    ))
    .field_links(
        "not_found",
        &[Link::traces(
            "Calls that found no die",
            r#"{ resource.service.name = "dice-roller" && kind = client && span.http.response.status_code = 404 }"#,
        )],
    )
}

fn duration() -> Panel {
    Panel::new(
        Viz::Lines,
        "Die Service Duration",
        "How long dice-roller waited for die-service. The difference to die-service's own time, the \
         dashed line, is the network and the connection.",
    )
    .targets(percentiles(
        "die_service_request_duration_seconds",
        r#"job="dice-roller-stageN""#,
    ))
    .target(query(
        "P95 of die-service",
        quantile("0.95", "http_request_duration_seconds", DIES, "$__rate_interval"),
    ))
    .unit(unit::SECONDS)
    .palette(Palette::Quantiles)
    .link(Link::traces(
        "Calls at least this slow",
        r#"{ resource.service.name = "dice-roller" && kind = client && duration >= ${__value.raw}s }"#,
    ))
}
