//! The services' PostgreSQL queries, as the services measure them.

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

/// The services that use a database.
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
        "Queries per second by result. not_found is a valid answer: the die does not exist. An \
         error means that the database is unavailable or refused the query.",
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
        "P95 of the query time after a connection was acquired; the wait for a connection is in \
         the panel beside it. Query time is part of die-service's response time; the rest of \
         that is HTTP.",
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
        "Open connections, the mean number of connections that run a query, and the limit of a \
         service, added up over its replicas. A mean at the limit means that requests wait. An outage closes all connections.",
    )
    .targets([
        query("{{service}} open", sum("size")),
        // A gauge of queries of 1 ms, scraped every 5 s, is nearly always 0. Seconds of queries per
        // second are the mean of the same number and miss none.
        query(
            "{{service}} in use",
            format!("sum by (service) (rate(database_query_duration_seconds_sum{{{CALLERS}}}[$__rate_interval]))"),
        ),
        query("limit", format!("max({})", sum("max"))),
    ])
    .unit(unit::COUNT)
    .palette(Palette::Connections)
}

fn waiting() -> Panel {
    Panel::new(
        Viz::Lines,
        "Waiting for a Connection",
        "How long queries waited for a connection from the pool. It rises long before the \
         database itself is slow: the pool is too small, or connections are held too long.",
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
        "Queries that took more than 5 ms, from traces: metrics show that some queries are slow, \
         a trace shows which ones and why. The table is empty when all queries are fast. Click \
         an id for the trace.",
    )
    .target(Target::Traces {
        query: r#"{ span.db.system.name = "postgresql" && duration > 5ms } | select(resource.service.name, span.db.query.text) with (most_recent=true)"#.to_owned(),
        table: TableType::Spans,
    })
    .columns_of_spans("Query")
    .field("db.system.name", &hidden())
    .field("service.name", &column("Service", 110))
    .field(
        "db.query.text",
        &json!([
            { "id": "displayName", "value": "SQL" },
            { "id": "custom.cellOptions", "value": { "type": "auto", "wrapText": true } },
            { "id": "custom.minWidth", "value": 500 },
        ]),
    )
}
