//! Is the system up, is it used, does it work, and if not, where does it fail?

use serde_json::json;
use stages::Stage;

use super::losses;
use crate::model::colour::{BLUE, GREEN, RED, YELLOW};
use crate::model::joined::TIME;
use crate::model::layout::{Line, Row};
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::promql::{quantile_by, share};
use crate::model::target::instant;
use crate::model::unit;
use crate::model::viz::Viz;

pub(crate) fn row() -> Row {
    Row::new(
        "Overview",
        [Line::new(
            4,
            [
                services_up(
                    "Whether Prometheus could scrape every replica of each service recently. UP means that the \
                     process answers, not that its requests succeed: check the error ratio too.",
                    r#"min by (service) (up{job=~".+-stageN"})"#,
                )
                .until(Stage::Four)
                .wide(9),
                services_up(
                    "Whether each process answers a scrape, and whether PostgreSQL answers its \
                     exporter. A service can be UP and still fail every request that needs \
                     another service.",
                    r#"min by (service) (up{job=~".+-stageN",service!="postgres"} or pg_up{job="postgres-stageN"} or up{job="postgres-stageN"})"#,
                )
                .since(Stage::Five)
                .wide(9),
                rolls_in_range().wide(5),
                error_ratio().wide(5),
                losses::in_range().wide(5),
            ],
        ),
        Line::new(6, [health()]),
        ],
    )
    .answer()
}

fn services_up(description: &'static str, query: &str) -> Panel {
    Panel::new(Viz::Stat, "Services Up", description)
        .target(instant("{{service}}", query))
        .unit(unit::COUNT)
        .word("1", "UP", GREEN)
        .word("0", "DOWN", RED)
        .thresholds(RED, &[(1.0, GREEN)])
}

/// Rate, errors and duration of every service: one row each.
fn health() -> Panel {
    let all = r#"job=~".+-stageN""#;
    let rate = |more: &str| {
        format!("sum by (service) (rate(http_requests_total{{{all}{more}}}[$__rate_interval]))")
    };
    let errors = rate(r#",status=~"5..""#);
    let p95 = quantile_by(
        "le, service",
        "0.95",
        "http_request_duration_seconds",
        all,
        "$__rate_interval",
    );
    Panel::new(
        Viz::Table,
        "Health by Service",
        "Rate, errors and duration of each service within the last minute. An error originates \
         in the last service of the chain that shows it; the services in front only pass it on.",
    )
    .targets([
        instant("rate", rate("")).table(),
        instant("errors", format!("{errors} / ({} > 0)", rate(""))).table(),
        instant("P95", p95).table(),
    ])
    .unit(unit::TEXT)
    .interval("1m")
    .no_value("no requests")
    .joined_by(
        ("service", "Service"),
        ["Requests", "Errors (5xx)", "P95"],
        TIME,
    )
    .field(
        "Requests",
        &json!([{ "id": "unit", "value": unit::REQUESTS }]),
    )
    .field(
        "Errors (5xx)",
        &json!([
            { "id": "unit", "value": unit::RATIO },
            { "id": "decimals", "value": 1 },
            { "id": "thresholds", "value": { "mode": "absolute", "steps": [
                { "value": null, "color": GREEN },
                { "value": 0.3, "color": YELLOW },
                { "value": 0.5, "color": RED },
            ]}},
            { "id": "custom.cellOptions", "value": { "type": "color-text" } },
        ]),
    )
    .field("P95", &json!([{ "id": "unit", "value": unit::SECONDS }]))
    .link(Link::traces(
        "Traces with errors of this service",
        r#"{ resource.service.name = "${__data.fields.Service}" && status = error }"#,
    ))
}

fn rolls_in_range() -> Panel {
    Panel::new(
        Viz::Stat,
        "Rolls in Range",
        "Dice rolled within the dashboard's time range, failed rolls included; each roll of a \
         batch counts. increase() compensates for counters that a restart resets to 0.",
    )
    .target(instant(
        "rolls",
        r#"sum(increase(dice_rolls_total{job="dice-roller-stageN"}[$__range])) + sum(increase(async_rolls_total{job="dice-roller-stageN"}[$__range]))"#,
    ))
    .unit(unit::COUNT)
    .decimals(0)
    .thresholds(BLUE, &[])
}

fn error_ratio() -> Panel {
    let ratio = share(
        "http_requests_total",
        r#"status=~"5..""#,
        r#"job="dice-roller-stageN""#,
        "$__range",
    );
    Panel::new(
        Viz::Stat,
        "Error Ratio",
        "Share of dice-roller's answers within the time range that were 5xx. About 15 % is by design: \
         the risky die fails one roll in ten and the extreme die every other one.",
    )
    .target(instant("5xx", ratio))
    .unit(unit::RATIO)
    .decimals(1)
    .no_value("no requests")
    .thresholds(GREEN, &[(0.3, YELLOW), (0.5, RED)])
    .link(Link::traces(
        "Traces with errors",
        r#"{ resource.service.name = "dice-roller" && status = error }"#,
    ))
}
