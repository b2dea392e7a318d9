//! The table of events.

use database::{Database, DatabaseError, Migration, Statement, migrate};
use sqlx::postgres::PgPool;
use telemetry::metrics::Registry;
use url::Url;

use crate::event::{Event, EventType};
use crate::{Config, retention};

const MIGRATIONS: &[Migration] = &[
    Migration {
        description: "usage events",
        sql: include_str!("../migrations/0001_usage_events.sql"),
    },
    Migration {
        description: "index occurred_at",
        sql: include_str!("../migrations/0002_index_occurred_at.sql"),
    },
];

/// All events of a delivery in one statement, which is one transaction. In the order of their ids,
/// so that two deliveries of the same events wait for each other and never crosswise.
const INSERT: Statement = Statement {
    query_type: "insert",
    operation: "INSERT",
    table: "usage_events",
    text: "INSERT INTO usage_events \
           (event_id, event_type, occurred_at, session_id, username, die_type, rolls, trace_id) \
           SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::timestamptz[], $4::uuid[], $5::text[], \
           $6::text[], $7::smallint[], $8::text[]) ORDER BY 1 \
           ON CONFLICT (event_id) DO NOTHING RETURNING event_type",
    looks_up: false,
};

/// The events in PostgreSQL.
pub(crate) struct Store(Database);

impl Store {
    /// The table at `url`, from which old events are deleted once it is there.
    pub(crate) fn start(url: &Url, config: &Config, registry: &Registry) -> Self {
        let kept_for = config.retention;
        let prepare = move |pool: PgPool| async move {
            migrate(&pool, MIGRATIONS).await?;
            // Reached once: what is prepared is not prepared again.
            tokio::spawn(retention::hold(pool, kept_for));
            Ok(())
        };
        let options = &config.database;
        Self(Database::start(url, options, &[&INSERT], registry, prepare))
    }

    /// Stores those of `events` that are not there yet, all or none, and answers the types of
    /// those.
    ///
    /// # Errors
    /// When the database does not answer; whether they are stored is then unknown, and to be
    /// found out by trying again.
    pub(crate) async fn insert(&self, events: &[Event]) -> Result<Vec<EventType>, DatabaseError> {
        let query = sqlx::query_as(INSERT.text)
            .bind(column(events, |event| event.id))
            .bind(column(events, |event| event.kind.name()))
            .bind(column(events, |event| event.occurred_at))
            .bind(column(events, |event| event.session_id))
            .bind(column(events, |event| event.username.as_str()))
            .bind(column(events, |event| event.die_type.as_deref()))
            .bind(column(events, |event| event.rolls))
            .bind(column(events, |event| event.trace_id.as_deref()));
        let rows: Vec<(String,)> = self.0.fetch_all(&INSERT, query).await?;
        let kinds = rows.iter().filter_map(|(name,)| EventType::named(name));
        Ok(kinds.collect())
    }
}

fn column<'a, T>(events: &'a [Event], value: impl Fn(&'a Event) -> T) -> Vec<T> {
    events.iter().map(value).collect()
}
