//! Is the system healthy?

use serde_json::json;

use super::{OPERATIONS, SYSTEM_OVERVIEW, WORKER_STATUS, layout};
use crate::model::colour::{BLUE, GREEN, Palette, RED, YELLOW, fixed};
use crate::model::dashboard::Dashboard;
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::promql::quantile;
use crate::model::target::{PromQl, instant, query};
use crate::model::unit;
use crate::model::variable::Variable;
use crate::model::viz::Viz;

const SERVICE: Variable = Variable::Labels {
    name: "service",
    label: "Service",
    description: "The Prometheus jobs that all panels show.",
    query: r#"label_values(up{job=~"ktrdr-.+"}, job)"#,
    all: "ktrdr-.+",
};

const DURATION: &str = "http_server_duration_milliseconds";
const SELECTED: &str = r#"job=~"$service""#;

pub(super) fn dashboard() -> Dashboard {
    super::dashboard(
        SYSTEM_OVERVIEW,
        "KTRDR - System Overview",
        "Health at a glance: services up, request rates, errors and latency.",
        vec![SERVICE],
        layout(
            [healthy(), request_rate(), error_rate(), p95()],
            requests_by_service(),
            [percentile_lines(), errors_by_status()],
            active_services(),
        ),
    )
}

fn healthy() -> Panel {
    Panel::new(
        Viz::Stat,
        "Healthy Services",
        "How many processes answer Prometheus, and their share of all known ones. The colour \
         follows the share, so it has the same meaning for any selection of services.",
    )
    .targets([
        instant("up", r#"count(up{job=~"$service"} == 1) or vector(0)"#),
        instant(
            "share",
            r#"100 * sum(up{job=~"$service"}) / count(up{job=~"$service"})"#,
        ),
    ])
    .unit(unit::COUNT)
    .decimals(0)
    .thresholds(RED, &[(50.0, YELLOW), (100.0, GREEN)])
    .field("up", &json!([fixed(BLUE)]))
    .field("share", &json!([{ "id": "unit", "value": unit::PERCENT }]))
    .link(Link::dashboard("Worker status", WORKER_STATUS, ""))
}

fn request_rate() -> Panel {
    Panel::new(
        Viz::Stat,
        "Requests/sec",
        "Requests per second that the selected services answered, including the workers' \
         heartbeats, without health checks and scrapes.",
    )
    .target(query(
        "requests",
        r#"sum(rate(http_server_duration_milliseconds_count{job=~"$service"}[$__rate_interval]))"#,
    ))
    .unit(unit::REQUESTS)
    .decimals(1)
    .thresholds(BLUE, &[])
    .link(Link::dashboard("Operations", OPERATIONS, ""))
}

/// The share of 5xx in percent: 0 without errors, nothing without requests.
fn error_percentage() -> PromQl {
    instant(
        "5xx",
        r#"100 * (sum(rate(http_server_duration_milliseconds_count{job=~"$service",http_status_code=~"5.."}[$__range])) or 0 * sum(rate(http_server_duration_milliseconds_count{job=~"$service"}[$__range]))) / (sum(rate(http_server_duration_milliseconds_count{job=~"$service"}[$__range])) > 0)"#,
    )
}

fn error_rate() -> Panel {
    Panel::new(
        Viz::Stat,
        "Error Rate",
        "Share of answers within the time range that were 5xx. Without requests there is no \
         share, and the panel shows \"no requests\" instead of 0.",
    )
    .target(error_percentage())
    .unit(unit::PERCENT)
    .decimals(2)
    .no_value("no requests")
    .thresholds(GREEN, &[(1.0, YELLOW), (5.0, RED)])
    .link(failed_requests())
}

fn p95() -> Panel {
    Panel::new(
        Viz::Stat,
        "P95 Latency",
        "95 % of the requests within the time range were answered faster than this. Starting an \
         operation only queues it, so requests take milliseconds while operations take seconds.",
    )
    .target(instant(
        "P95",
        quantile("0.95", DURATION, SELECTED, "$__range"),
    ))
    .unit(unit::MILLISECONDS)
    .decimals(1)
    .no_value("no requests")
    .thresholds(GREEN, &[(100.0, YELLOW), (500.0, RED)])
    .link(slow_requests("ms"))
}

fn requests_by_service() -> Panel {
    Panel::new(
        Viz::Lines,
        "Request Rate by Service",
        "Requests per second by Prometheus job. The backend gets requests from users and \
         workers, the workers from the backend only.",
    )
    .target(query(
        "{{job}}",
        r#"sum by (job) (rate(http_server_duration_milliseconds_count{job=~"$service"}[$__rate_interval]))"#,
    ))
    .unit(unit::REQUESTS)
    .palette(Palette::Services)
    .link(Link::dashboard("Operations", OPERATIONS, ""))
}

fn percentile_lines() -> Panel {
    Panel::new(
        Viz::Lines,
        "Response Time Percentiles",
        "If P50 stays flat and P99 rises, few requests are slow: look at their traces rather \
         than at the mean.",
    )
    .targets(
        [("P50", "0.50"), ("P95", "0.95"), ("P99", "0.99")]
            .map(|(legend, q)| query(legend, quantile(q, DURATION, SELECTED, "$__rate_interval"))),
    )
    .unit(unit::MILLISECONDS)
    .palette(Palette::Quantiles)
    .link(slow_requests("ms"))
}

fn errors_by_status() -> Panel {
    Panel::new(
        Viz::Lines,
        "Errors by Status Code",
        "4xx and 5xx answers per second by status code. A 503 from the backend means that its \
         queue is full and it rejects new operations.",
    )
    .target(query(
        "{{http_status_code}}",
        r#"sum by (http_status_code) (rate(http_server_duration_milliseconds_count{job=~"$service",http_status_code=~"[45].."}[$__rate_interval]))"#,
    ))
    .unit(unit::REQUESTS)
    .palette(Palette::Statuses)
    .link(Link::traces(
        "Traces with this status",
        r#"{ resource.service.name =~ "ktrdr.*" && kind = server && span.http.response.status_code = ${__field.labels.http_status_code} }"#,
    ))
}

fn active_services() -> Panel {
    Panel::new(
        Viz::Table,
        "Active Services",
        "Every process that Prometheus knows, its status and its uptime. An unexpectedly short \
         uptime indicates a crash.",
    )
    .targets([
        instant("up", r#"sum by (job, instance) (up{job=~"$service"})"#).table(),
        instant(
            "uptime",
            r#"max by (instance) (time() - process_start_time_seconds{job=~"$service"})"#,
        )
        .table(),
    ])
    .unit(unit::TEXT)
    .transform(
        "joinByField",
        &json!({ "byField": "instance", "mode": "outer" }),
    )
    .transform(
        "organize",
        &json!({
            "excludeByName": { "Time": true, "Time 1": true, "Time 2": true },
            "indexByName": { "job": 0, "instance": 1, "Value #A": 2, "Value #B": 3 },
            "renameByName": {
                "job": "Service",
                "instance": "Instance",
                "Value #A": "Status",
                "Value #B": "Uptime",
            },
        }),
    )
    .field("Status", &status_column())
    .field("Uptime", &json!([{ "id": "unit", "value": "dtdurations" }]))
}

/// The properties of a column that shows `up`.
pub(super) fn status_column() -> serde_json::Value {
    json!([
        { "id": "unit", "value": unit::COUNT },
        { "id": "mappings", "value": [{ "type": "value", "options": {
            "0": { "text": "DOWN", "color": RED, "index": 0 },
            "1": { "text": "UP", "color": GREEN, "index": 1 },
        }}]},
        { "id": "custom.cellOptions", "value": { "type": "color-background", "mode": "basic" } },
    ])
}

fn failed_requests() -> Link {
    Link::traces(
        "Traces with errors",
        r#"{ resource.service.name =~ "ktrdr.*" && kind = server && status = error }"#,
    )
}

/// `unit` is the unit of the panel's values.
fn slow_requests(unit: &str) -> Link {
    let query = format!(
        r#"{{ resource.service.name =~ "ktrdr.*" && kind = server && duration >= ${{__value.raw}}{unit} }}"#
    );
    Link::traces("Traces at least this slow", &query)
}
