//! die-service's own metrics of the requests that it answers.

use stages::Stage;

use crate::model::colour::Palette;
use crate::model::layout::{Line, Row};
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::promql::percentiles;
use crate::model::target::query;
use crate::model::unit;
use crate::model::viz::Viz;

pub(crate) fn row() -> Row {
    let panels = [request_rate(), response_time(), requests_by_die()];
    let panels = panels.map(|panel| panel.since(Stage::Three));
    Row::new("HTTP Metrics - Die Service", [Line::new(7, panels)]).red()
}

fn request_rate() -> Panel {
    Panel::new(
        Viz::Lines,
        "Request Rate - Die Service",
        "Requests per second by status. dice-roller sends one request per batch, regardless of \
         its size, and the frontend requests the list of dice, so this rate follows requests, \
         not rolls.",
    )
    .target(query(
        "{{status}}",
        r#"sum by (status) (rate(http_requests_total{job="die-service-stageN"}[$__rate_interval]))"#,
    ))
    .unit(unit::REQUESTS)
    .palette(Palette::Statuses)
}

fn response_time() -> Panel {
    Panel::new(
        Viz::Lines,
        "Response Time",
        "Time that die-service itself took. It is negligible beside the roll, which takes up to \
         a second: die-service is not the bottleneck.",
    )
    .targets(percentiles(
        "http_request_duration_seconds",
        r#"job="die-service-stageN""#,
    ))
    .unit(unit::SECONDS)
    .palette(Palette::Quantiles)
    .link(Link::traces(
        "Traces at least this slow",
        r#"{ resource.service.name = "die-service" && kind = server && duration >= ${__value.raw}s }"#,
    ))
}

fn requests_by_die() -> Panel {
    Panel::new(
        Viz::Lines,
        "Die Requests by Type",
        "Look-ups per second by die. All unknown names share the series \"unknown\", so that \
         requests cannot create new series.",
    )
    .target(query(
        "{{identifier}}",
        r#"sum by (identifier) (rate(die_specifications_requested_total{job="die-service-stageN"}[$__rate_interval]))"#,
    ))
    .unit(unit::REQUESTS)
    .palette(Palette::Dice)
}
