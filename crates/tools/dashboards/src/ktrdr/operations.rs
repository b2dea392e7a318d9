//! What is being computed, and does it succeed?

use serde_json::{Value, json};

use super::worker_status::WORKER;
use super::{OPERATIONS, layout};
use crate::model::colour::{BLUE, GREEN, Palette, RED, YELLOW};
use crate::model::dashboard::Dashboard;
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::target::{TableType, Target, instant, query};
use crate::model::unit;
use crate::model::viz::Viz;

pub(super) fn dashboard() -> Dashboard {
    super::dashboard(
        OPERATIONS,
        "KTRDR - Operations",
        "Backtests and trainings: how many, how long, how they ended, and each one's trace.",
        vec![WORKER],
        layout(
            [total(), backtests(), trainings(), success_rate()],
            by_type(),
            [durations(), success_and_failure()],
            recent(),
        ),
    )
}

fn per_hour(title: &'static str, description: &'static str, expr: &'static str) -> Panel {
    Panel::new(Viz::Stat, title, description)
        .target(instant("per hour", expr))
        .unit(unit::COUNT)
        .decimals(0)
        .thresholds(BLUE, &[])
}

fn total() -> Panel {
    per_hour(
        "Operations/Hour",
        "Operations that ended, however they did, at the pace of the dashboard's time range. Counted \
         when they end: one that was accepted and lost would not be here.",
        r#"3600 * sum(rate(operations_total{job="ktrdr-backend"}[$__range]))"#,
    )
}

fn backtests() -> Panel {
    per_hour(
        "Backtests/Hour",
        "Backtests that ended, at the pace of the dashboard's time range.",
        r#"3600 * sum(rate(operations_total{job="ktrdr-backend",operation_type="backtest"}[$__range]))"#,
    )
}

fn trainings() -> Panel {
    per_hour(
        "Training/Hour",
        "Trainings that ended, at the pace of the dashboard's time range.",
        r#"3600 * sum(rate(operations_total{job="ktrdr-backend",operation_type="training"}[$__range]))"#,
    )
}

fn success_rate() -> Panel {
    Panel::new(
        Viz::Stat,
        "Success Rate",
        "Share of operations within the time range that completed, of those that completed or failed; \
         cancelled ones are nobody's fault. An accepted request says nothing about that.",
    )
    .target(instant(
        "completed",
        r#"100 * sum(increase(operations_total{job="ktrdr-backend",status="completed"}[$__range])) / (sum(increase(operations_total{job="ktrdr-backend",status=~"completed|failed"}[$__range])) > 0)"#,
    ))
    .unit(unit::PERCENT)
    .decimals(1)
    .no_value("no operations")
    .thresholds(RED, &[(80.0, YELLOW), (95.0, GREEN)])
    .link(failed_operations())
}

fn by_type() -> Panel {
    Panel::new(
        Viz::BarGauge,
        "Operations by Type",
        "What users asked for within the time range, by route: requests that were accepted. Reading \
         data is answered at once, the other two are queued for a worker.",
    )
    .target(instant(
        "{{http_route}}",
        r#"sum by (http_route) (increase(http_server_duration_milliseconds_count{job="ktrdr-backend",http_route=~".*/backtests/start|.*/trainings/start|.*/data/.*",http_status_code=~"2.."}[$__range]))"#,
    ))
    .unit(unit::COUNT)
    .decimals(0)
    .min(0.0)
    .thresholds(BLUE, &[])
}

fn durations() -> Panel {
    Panel::new(
        Viz::Heatmap,
        "Backtest Duration Distribution",
        "Backtests by the time their worker took, over time; the scale below tells how many. This is the \
         work itself; the request that started it took milliseconds.",
    )
    .target(
        query(
            "{{le}}",
            r#"sum by (le) (increase(operation_duration_seconds_bucket{job="ktrdr-backend",operation_type="backtest"}[$__rate_interval]))"#,
        )
        .heatmap(),
    )
    .unit(unit::SECONDS)
    .link(Link::traces(
        "Traces of backtests",
        r#"{ name = "operation.run" && span.operation.type = "backtest" }"#,
    ))
}

fn success_and_failure() -> Panel {
    Panel::new(
        Viz::Lines,
        "Success vs Failure Rate",
        "Operations that completed and that failed, a second. Failures that rise while successes stay \
         are bad input; when both fall, the workers are the place to look.",
    )
    .targets([
        query(
            "success",
            r#"sum(rate(operations_total{job="ktrdr-backend",status="completed"}[$__rate_interval]))"#,
        ),
        query(
            "failure",
            r#"sum(rate(operations_total{job="ktrdr-backend",status="failed"}[$__rate_interval]))"#,
        ),
    ])
    .unit(unit::OPERATIONS)
    .palette(Palette::Outcomes)
    .link(failed_operations())
}

fn recent() -> Panel {
    let hidden = json!([{ "id": "custom.hideFrom.viz", "value": true }]);
    let id = "${__data.fields.traceIdHidden}";
    let called = |name: &str| json!([{ "id": "displayName", "value": name }]);
    Panel::new(
        Viz::Table,
        "Recent Operations",
        "The newest operations on the selected workers, each from its worker's span: how long it \
         really ran and how it ended. Click one to open its trace.",
    )
    .target(Target::Traces {
        query: r#"{ name = "operation.run" && span.worker.id =~ "$worker" } | select(span.operation.id, span.operation.type, span.operation.status) with (most_recent=true)"#.to_owned(),
        table: TableType::Spans,
    })
    .field("traceIdHidden", &hidden)
    .field("name", &hidden)
    .field("service.name", &hidden)
    .field("traceService", &hidden)
    .field("traceName", &called("Begun by"))
    .field(
        "spanID",
        &json!([
            { "id": "displayName", "value": "Run" },
            { "id": "links", "value": [
                Link::traces("Open the trace", id).to_json(),
                Link::jaeger(id).to_json(),
            ]},
        ]),
    )
    .field("operation.id", &called("Operation ID"))
    .field("operation.type", &called("Type"))
    .field("operation.status", &status_column())
    .field("worker.id", &called("Worker"))
}

/// The properties of the column of how an operation ended.
fn status_column() -> Value {
    json!([
        { "id": "displayName", "value": "Status" },
        { "id": "mappings", "value": [{ "type": "value", "options": {
            "COMPLETED": { "color": GREEN, "index": 0 },
            "FAILED": { "color": RED, "index": 1 },
            "CANCELLED": { "color": YELLOW, "index": 2 },
            "ABANDONED": { "color": YELLOW, "index": 3 },
        }}]},
        { "id": "custom.cellOptions", "value": { "type": "color-text" } },
    ])
}

fn failed_operations() -> Link {
    Link::traces(
        "Traces of failed operations",
        r#"{ name = "operation.run" && span.operation.status = "FAILED" }"#,
    )
}
