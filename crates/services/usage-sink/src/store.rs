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

/// Inserts all events of a delivery in one statement, and therefore in one transaction. They are
/// ordered by id, so that two deliveries of the same events cannot deadlock.
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
    /// Opens the table at `url`; once it is ready, old events are deleted periodically.
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

    /// Stores the `events` that are not stored yet, all or none, and returns their types.
    ///
    /// # Errors
    /// If the database does not answer. The events may or may not be stored then; repeat the call
    /// to find out.
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
