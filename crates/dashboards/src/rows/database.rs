//! What the services ask of PostgreSQL, as they see it themselves.

use serde_json::json;

use super::traces::open_trace;
use crate::model::colour::Palette;
use crate::model::layout::{Line, Row};
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::promql::{percentiles, quantile_by};
use crate::model::target::{TableType, Target, query};
use crate::model::unit;
use crate::model::viz::Viz;
use crate::stage::Stage;

/// Whoever has a database.
const CALLERS: &str = r#"job=~".+-stageN""#;

pub(crate) fn row() -> Row {
    let metrics = [
        operations().wide(6),
        latency().wide(7),
        pool().wide(6),
        waiting().wide(5),
    ];
    Row::new(
        "Database",
        [
            Line::new(9, metrics.map(|panel| panel.since(Stage::Five))),
            Line::new(8, [slow_queries().since(Stage::Five)]),
        ],
    )
}

fn operations() -> Panel {
    Panel::new(
        Viz::Lines,
        "Database Operations",
        "Queries a second by type and result. not_found is an answer: somebody asked for a die that \
         does not exist. An error is none: the database is away or refused.",
    )
    .target(query(
        "{{query_type}} {{result}}",
        format!(
            "sum by (query_type, result) (rate(database_queries_total{{{CALLERS}}}[$__rate_interval]))"
        ),
    ))
    .unit(unit::OPERATIONS)
    .link(Link::traces(
        "Traces with queries that failed",
        r#"{ span.db.system.name = "postgresql" && status = error }"#,
    ))
}

fn latency() -> Panel {
    let name = "database_query_duration_seconds";
    let by_type = |q| quantile_by("le, query_type", q, name, CALLERS, "$__rate_interval");
    Panel::new(
        Viz::Lines,
        "Query Latency by Type (P50/P95/P99)",
        "How long a query took once it had a connection; the wait for one is beside it. It is a part \
         of die-service's response time; the rest of that is HTTP.",
    )
    .targets([
        query("{{query_type}} P50", by_type("0.50")),
        query("{{query_type}} P95", by_type("0.95")),
        query("{{query_type}} P99", by_type("0.99")),
    ])
    .unit(unit::SECONDS)
    .link(Link::traces(
        "Queries at least this slow",
        r#"{ span.db.system.name = "postgresql" && duration >= ${__value.raw}s }"#,
    ))
}

fn pool() -> Panel {
    let sum =
        |part: &str| format!("sum by (service) (database_connection_pool_{part}{{{CALLERS}}})");
    Panel::new(
        Viz::Lines,
        "Connection Pool",
        "Connections that are open, those of them that are idle, and the limit. Open minus idle is at \
         work; open at its limit with none idle means that requests wait. An outage empties it.",
    )
    .targets([
        query("{{service}} open", sum("size")),
        query("{{service}} idle", sum("available")),
        query("{{service}} limit", sum("max")),
    ])
    .unit(unit::COUNT)
    .decimals(0)
}

fn waiting() -> Panel {
    Panel::new(
        Viz::Lines,
        "Waiting for a Connection",
        "How long queries waited until the pool had a connection for them. It grows long before the \
         database itself is slow: then the pool is too small, or something holds on to connections.",
    )
    .targets(percentiles(
        "database_connection_acquire_duration_seconds",
        CALLERS,
    ))
    .unit(unit::SECONDS)
    .palette(Palette::Quantiles)
    .link(Link::traces(
        "Requests at least this slow",
        r#"{ resource.service.name = "die-service" && kind = server && duration >= ${__value.raw}s }"#,
    ))
}

fn slow_queries() -> Panel {
    let hidden = json!([{ "id": "custom.hideFrom.viz", "value": true }]);
    let called = |name: &str| json!([{ "id": "displayName", "value": name }]);
    Panel::new(
        Viz::Table,
        "Slow Queries",
        "Queries of more than 5 ms, from traces: metrics say that some are slow, a trace says which, \
         for whose request, and what else went on. An empty table is good news; click an id for more.",
    )
    .target(Target::Traces {
        query: r#"{ span.db.system.name = "postgresql" && duration > 5ms } | select(resource.service.name, span.db.query.text, status) with (most_recent=true)"#.to_owned(),
        table: TableType::Spans,
    })
    .field("traceIdHidden", &hidden)
    .field("name", &hidden)
    .field("db.system.name", &hidden)
    .field("traceService", &called("Begun by"))
    .field("traceName", &called("Request"))
    .field(
        "spanID",
        &json!([
            { "id": "displayName", "value": "Query" },
            { "id": "links", "value": open_trace("${__data.fields.traceIdHidden}") },
        ]),
    )
    .field("service.name", &called("Asked by"))
    .field("db.query.text", &called("SQL"))
    .field("status", &called("Status"))
}
