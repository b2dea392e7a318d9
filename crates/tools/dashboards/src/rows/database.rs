//! What the services ask of PostgreSQL, as they see it themselves.

use serde_json::json;
use stages::Stage;

use super::traces::{TableOfSpans, column, hidden};
use crate::model::colour::Palette;
use crate::model::layout::{Line, Row};
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::promql::{percentiles, quantile_by};
use crate::model::target::{TableType, Target, query};
use crate::model::unit;
use crate::model::viz::Viz;

/// The services that have a database.
const CALLERS: &str = r#"job=~".+-stageN""#;

pub(crate) fn row() -> Row {
    let metrics = [operations(), latency(), pool(), waiting()];
    Row::new(
        "Database",
        [
            Line::new(7, metrics.map(|panel| panel.since(Stage::Five))),
            Line::new(8, [slow_queries().since(Stage::Five)]),
        ],
    )
}

fn operations() -> Panel {
    Panel::new(
        Viz::Lines,
        "Database Operations",
        "Queries a second by result. not_found is an answer: the die does not exist. An error is none: \
         the database is away or refused.",
    )
    .target(query(
        "{{result}}",
        format!("sum by (result) (rate(database_queries_total{{{CALLERS}}}[$__rate_interval]))"),
    ))
    .unit(unit::OPERATIONS)
    .palette(Palette::Outcomes)
    .link(Link::traces(
        "Traces with queries that failed",
        r#"{ span.db.system.name = "postgresql" && status = error }"#,
    ))
}

fn latency() -> Panel {
    let name = "database_query_duration_seconds";
    let p95 = quantile_by("le, query_type", "0.95", name, CALLERS, "$__rate_interval");
    Panel::new(
        Viz::Lines,
        "Query Latency by Type (P95)",
        "How long 19 of 20 queries took once they had a connection; the wait for one is beside it. It is a part \
         of die-service's response time; the rest of that is HTTP.",
    )
    .target(query("{{query_type}}", p95))
    .unit(unit::SECONDS)
    .palette(Palette::Queries)
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
        "Connections that are open, those that run a query now, and the limit of each pool. All in use \
         at the limit means that requests wait. An outage closes all.",
    )
    .targets([
        query("{{service}} open", sum("size")),
        query("{{service}} in use", format!("{} - {}", sum("size"), sum("available"))),
        query("limit", format!("max(database_connection_pool_max{{{CALLERS}}})")),
    ])
    .unit(unit::COUNT)
    .palette(Palette::Connections)
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
    Panel::new(
        Viz::Table,
        "Slow Queries",
        "Queries of more than 5 ms, from traces: metrics say that some are slow, a trace says which, \
         for whose request, and what else went on. An empty table is good news; click an id for more.",
    )
    .target(Target::Traces {
        query: r#"{ span.db.system.name = "postgresql" && duration > 5ms } | select(resource.service.name, span.db.query.text) with (most_recent=true)"#.to_owned(),
        table: TableType::Spans,
    })
    .columns_of_spans("Query")
    .field("db.system.name", &hidden())
    .field("service.name", &column("Asked by", 110))
    .field(
        "db.query.text",
        &json!([
            { "id": "displayName", "value": "SQL" },
            { "id": "custom.cellOptions", "value": { "type": "auto", "wrapText": true } },
            { "id": "custom.minWidth", "value": 500 },
        ]),
    )
}
