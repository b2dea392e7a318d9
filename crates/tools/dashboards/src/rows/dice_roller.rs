//! The RED metrics of dice-roller: rate, errors, duration.

use crate::model::colour::Palette;
use crate::model::layout::{Line, Row};
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::promql::{percentiles, span_p95};
use crate::model::target::{instant, query};
use crate::model::unit;
use crate::model::viz::Viz;

pub(crate) fn row() -> Row {
    Row::new(
        "HTTP Metrics - Dice Roller",
        [Line::new(
            7,
            [
                request_rate().wide(6),
                error_rate().wide(5),
                latency().wide(7),
                statuses().wide(6),
            ],
        )],
    )
    .red()
}

fn request_rate() -> Panel {
    Panel::new(
        Viz::Lines,
        "Request Rate - Dice Roller",
        "Requests per second by route. Health checks and scrapes are not counted, so 0 means \
         that no one is rolling.",
    )
    .target(query(
        "{{handler}}",
        r#"sum by (handler) (rate(http_requests_total{job="dice-roller-stageN"}[$__rate_interval]))"#,
    ))
    .unit(unit::REQUESTS)
    .palette(Palette::Routes)
}

fn error_rate() -> Panel {
    Panel::new(
        Viz::Lines,
        "Error Rate - Dice Roller",
        "Errors per second. 4xx is a client error, 499 a client that disconnected early, 5xx a \
         server error. Alert on 5xx only.",
    )
    .targets([
        query(
            "server errors (5xx)",
            r#"sum(rate(http_requests_total{job="dice-roller-stageN",status=~"5.."}[$__rate_interval]))"#,
        ),
        query(
            "client errors (4xx)",
            r#"sum(rate(http_requests_total{job="dice-roller-stageN",status=~"4.."}[$__rate_interval]))"#,
        ),
    ])
    .unit(unit::REQUESTS)
    .palette(Palette::Outcomes)
    .link(Link::traces(
        "Traces with errors",
        r#"{ resource.service.name = "dice-roller" && kind = server && status = error }"#,
    ))
    .field_links(
        "client errors (4xx)",
        &[Link::traces(
            "Traces with client errors",
            r#"{ resource.service.name = "dice-roller" && kind = server && span.http.response.status_code >= 400 && span.http.response.status_code < 500 }"#,
        )],
    )
}

fn latency() -> Panel {
    Panel::new(
        Viz::Lines,
        "P50/P95/P99 Latency",
        "One request in twenty is slower than P95. A roll waits up to a second by design; the \
         difference to the dashed line, the roll alone, is the look-up of the die. Points are \
         exemplars: click one to open its trace.",
    )
    .targets(percentiles(
        "http_request_duration_seconds",
        r#"job="dice-roller-stageN""#,
    ))
    .target(span_p95("P95 of a roll alone", "dice-roller", "INTERNAL", "roll"))
    .unit(unit::SECONDS)
    .palette(Palette::Quantiles)
    .link(Link::traces(
        "Traces at least this slow",
        r#"{ resource.service.name = "dice-roller" && kind = server && duration >= ${__value.raw}s }"#,
    ))
}

fn statuses() -> Panel {
    Panel::new(
        Viz::Pie,
        "Status Code Distribution",
        "Answers within the time range by status code. Look for unexpected ones, such as 503 \
         when die-service is unavailable.",
    )
    .target(instant(
        "{{status}}",
        r#"sum by (status) (increase(http_requests_total{job="dice-roller-stageN"}[$__range])) > 0"#,
    ))
    .no_value("no requests")
    .unit(unit::COUNT)
    .decimals(0)
    .palette(Palette::Statuses)
    .link(Link::traces(
        "Traces with this status",
        r#"{ resource.service.name = "dice-roller" && span.http.response.status_code = ${__field.labels.status} }"#,
    ))
}
