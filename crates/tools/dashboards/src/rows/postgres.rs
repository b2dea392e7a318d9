//! PostgreSQL's own metrics, from its exporter.

use stages::Stage;

use crate::model::colour::{GREEN, Palette, RED};
use crate::model::layout::{Line, Row};
use crate::model::panel::Panel;
use crate::model::target::query;
use crate::model::unit;
use crate::model::viz::Viz;

/// Our databases, without the system databases.
const DATABASES: &str = r#"job="postgres-stageN",datname=~"dice|usage""#;

pub(crate) fn row() -> Row {
    let since = |panels: [Panel; 3]| panels.map(|panel| panel.since(Stage::Five));
    Row::new(
        "PostgreSQL Health",
        [
            Line::new(7, since([up(), backends(), connections()])),
            Line::new(8, since([transactions(), cache(), sizes()])),
        ],
    )
}

fn up() -> Panel {
    Panel::new(
        Viz::StateTimeline,
        "PostgreSQL Up",
        "Whether PostgreSQL answered its exporter. No bar at all means that the exporter itself \
         is down, so the state is unknown.",
    )
    .target(query("PostgreSQL", r#"pg_up{job="postgres-stageN"}"#))
    .unit(unit::COUNT)
    .word("1", "UP", GREEN)
    .word("0", "DOWN", RED)
}

fn backends() -> Panel {
    Panel::new(
        Viz::Lines,
        "Backends by Database",
        "Server processes, one for each connection. Compare them with the open connections of \
         the pools: the two should agree.",
    )
    .target(query(
        "{{datname}}",
        format!("sum by (datname) (pg_stat_database_numbackends{{{DATABASES}}})"),
    ))
    .unit(unit::COUNT)
    .palette(Palette::Databases)
}

fn connections() -> Panel {
    Panel::new(
        Viz::Lines,
        "Connections by State",
        "State of the connections at the time of a scrape. idle in transaction should stay at 0: \
         such a connection has an open transaction and holds its locks.",
    )
    .target(query(
        "{{state}}",
        format!(
            r#"sum by (state) (pg_stat_activity_count{{{DATABASES},state=~"active|idle|idle in transaction"}})"#
        ),
    ))
    .unit(unit::COUNT)
    .palette(Palette::Connections)
}

fn transactions() -> Panel {
    let rate = |outcome: &str| {
        format!(
            "sum by (datname) (rate(pg_stat_database_xact_{outcome}{{{DATABASES}}}[$__rate_interval]))"
        )
    };
    Panel::new(
        Viz::Lines,
        "Commits and Rollbacks",
        "Transactions per second. A query outside of a transaction counts as one, so commits \
         follow the services' queries; a rollback is a failed or cancelled statement.",
    )
    .targets([
        query("{{datname}} commits", rate("commit")),
        query("{{datname}} rollbacks", rate("rollback")),
    ])
    .unit(unit::OPERATIONS)
    .palette(Palette::Databases)
}

fn cache() -> Panel {
    let rate = |blocks: &str| {
        format!(
            "sum by (datname) (rate(pg_stat_database_blks_{blocks}{{{DATABASES}}}[$__rate_interval]))"
        )
    };
    let (hit, read) = (rate("hit"), rate("read"));
    Panel::new(
        Viz::Lines,
        "Cache Hit Ratio",
        "Share of the requested blocks that were in PostgreSQL's memory. The three dice are \
         always cached: near 100 % after the first queries, and lower for a moment after a \
         restart.",
    )
    .target(query(
        "{{datname}}",
        format!("{hit} / (({hit} + {read}) > 0)"),
    ))
    .unit(unit::RATIO)
    .soft_min(0.9)
    .max(1.0)
    .palette(Palette::Databases)
}

fn sizes() -> Panel {
    Panel::new(
        Viz::Lines,
        "Database Size",
        "Bytes on disk. An empty database has about 7 MB of catalogues. The dice need almost no \
         space; usage grows, because events are never deleted.",
    )
    .target(query(
        "{{datname}}",
        format!("sum by (datname) (pg_database_size_bytes{{{DATABASES}}})"),
    ))
    .unit(unit::BYTES)
    .palette(Palette::Databases)
}
