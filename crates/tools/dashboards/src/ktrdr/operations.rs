//! Which operations run, and do they succeed?

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
        "Backtests and trainings: rates, durations, outcomes and traces.",
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
        "Finished operations per hour, whatever their outcome, at the mean rate of the time \
         range. Operations count when they end: one that was accepted and lost is missing here.",
        r#"3600 * sum(rate(operations_total{job="ktrdr-backend"}[$__range]))"#,
    )
}

fn backtests() -> Panel {
    per_hour(
        "Backtests/Hour",
        "Finished backtests per hour, at the mean rate of the time range.",
        r#"3600 * sum(rate(operations_total{job="ktrdr-backend",operation_type="backtest"}[$__range]))"#,
    )
}

fn trainings() -> Panel {
    per_hour(
        "Training/Hour",
        "Finished trainings per hour, at the mean rate of the time range.",
        r#"3600 * sum(rate(operations_total{job="ktrdr-backend",operation_type="training"}[$__range]))"#,
    )
}

fn success_rate() -> Panel {
    Panel::new(
        Viz::Stat,
        "Success Rate",
        "Share of completed operations within the time range, of those that completed or failed; \
         cancelled ones are ignored. An operation can fail even though its request was accepted.",
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
        "Accepted requests within the time range, by route. Data requests are answered at once; \
         backtests and trainings are queued for a worker.",
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
        "Backtests by the time that their worker took; the colour scale shows how many. The \
         request that started a backtest took milliseconds only.",
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
        "Completed and failed operations per second. If failures rise while successes stay \
         level, look for bad input; if both fall, check the workers.",
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
        "The newest operations on the selected workers, from the workers' spans: how long each \
         ran and how it ended. Click one to open its trace.",
    )
    .target(Target::Traces {
        query: r#"{ name = "operation.run" && span.worker.id =~ "$worker" } | select(span.operation.id, span.operation.type, span.operation.status) with (most_recent=true)"#.to_owned(),
        table: TableType::Spans,
    })
    .field("traceIdHidden", &hidden)
    .field("name", &hidden)
    .field("service.name", &hidden)
    .field("traceService", &hidden)
    .field("traceName", &called("Started by"))
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

/// The properties of the column with an operation's outcome.
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
