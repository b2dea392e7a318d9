//! PostgreSQL as a dependency that can be slow, full or unavailable, observed like every other hop.
//!
//! * [`Options`]: the flags of every program with a database.
//! * [`Database`]: a bounded pool that is prepared in the background and recovers by itself.
//! * [`Statement`]: a query and its description for spans and metrics.
//! * [`Migration`]: a step of the schema.
//!
//! Each query has a CLIENT span, a log line, a count and a duration; the pool reports its
//! connections and the time that queries wait for one.

mod error;
mod faults;
mod metrics;
mod migrate;
mod options;
mod statement;
mod url;

use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgPool, PgPoolOptions, PgRow};
use sqlx::query::QueryAs;
use sqlx::{FromRow, Postgres};
use telemetry::metrics::Registry;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tracing::{Instrument, Span};

pub use crate::error::DatabaseError;
use crate::metrics::Metrics;
pub use crate::migrate::{Migration, migrate};
pub use crate::options::Options;
use crate::options::Place;
pub use crate::statement::Statement;
pub use crate::url::postgres_url;

/// Pause between attempts to prepare an unavailable database.
const PREPARE_AGAIN: Duration = Duration::from_secs(1);

/// Why preparing a database failed; it is logged and retried.
pub type PrepareError = Box<dyn std::error::Error + Send + Sync>;

/// A database, which may be unavailable. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    pool: PgPool,
    place: Place,
    timeout: Duration,
    ready: watch::Receiver<bool>,
    metrics: Metrics,
}

impl Database {
    /// Connects to the database at `url` on first use, and prepares it in the background: `prepare`
    /// is retried until it succeeds, and until then queries fail at once.
    ///
    /// The series of `statements` exist from now on.
    ///
    /// # Panics
    /// Outside of a tokio runtime, and for a URL that [`postgres_url`] rejects.
    pub fn start<P>(
        url: &::url::Url,
        options: &Options,
        statements: &[&Statement],
        registry: &Registry,
        prepare: impl Fn(PgPool) -> P + Send + Sync + 'static,
    ) -> Self
    where
        P: Future<Output = Result<(), PrepareError>> + Send,
    {
        let (settings, place) = options::settings(url, options.database_timeout);
        let pool = PgPoolOptions::new()
            .max_connections(options.database_pool_size)
            .acquire_timeout(options.database_timeout)
            .connect_lazy_with(settings);
        let (done, ready) = watch::channel(false);
        let preparing = pool.clone();
        tokio::spawn(async move {
            until_prepared(|| prepare(preparing.clone())).await;
            done.send_replace(true);
            // Kept, so that the channel is never closed.
            done.closed().await;
        });
        if let Some(statement) = statements.first() {
            tokio::spawn(faults::happen(pool.clone(), statement.table));
        }
        Self {
            metrics: Metrics::register(registry, statements, &pool),
            timeout: options.database_timeout,
            pool,
            place,
            ready,
        }
    }

    /// Runs a query and returns all its rows, within the timeout of the options, which includes the
    /// wait for a connection. `query` is `statement.text` with its values.
    ///
    /// Dropping the future, or its timeout, gives up the answer. The connection stays taken until
    /// the server has ended the query and answered a ping: sqlx sends one before it hands the
    /// connection out again, without a bound of its own. A server that can be reached ends the query
    /// after the timeout at the latest (`statement_timeout`). One that has vanished without closing
    /// its connections keeps the place until the system gives the connection up, on Linux after some
    /// 15 minutes; with all places taken so, queries fail with [`DatabaseError::Timeout`].
    ///
    /// # Errors
    /// [`DatabaseError`], which has already been logged.
    pub async fn fetch_all<R>(
        &self,
        statement: &Statement,
        query: QueryAs<'_, Postgres, R, PgArguments>,
    ) -> Result<Vec<R>, DatabaseError>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let span = statement.span(&self.place);
        async {
            let result = self.fetch_in_time(statement, query).await;
            self.report(statement, &result);
            result.map(|(rows, _)| rows)
        }
        .instrument(span)
        .await
    }

    async fn fetch_in_time<R>(
        &self,
        statement: &Statement,
        query: QueryAs<'_, Postgres, R, PgArguments>,
    ) -> Result<(Vec<R>, Duration), DatabaseError>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        if !*self.ready.borrow() {
            return Err(DatabaseError::NotReady);
        }
        let (mut connection, waited) = self.connection().await?;
        let start = Instant::now();
        let left = self.timeout.saturating_sub(waited);
        let rows = timeout(left, query.fetch_all(&mut *connection)).await;
        let took = start.elapsed();
        self.metrics.took(statement, took);
        let rows = rows.map_err(|_| DatabaseError::Timeout)??;
        Ok((rows, took))
    }

    /// A connection, and the time waited for it.
    async fn connection(&self) -> Result<(PoolConnection<Postgres>, Duration), DatabaseError> {
        let start = Instant::now();
        let connection = self.pool.acquire().await;
        let waited = start.elapsed();
        self.metrics.waited(waited);
        Ok((connection?, waited))
    }

    fn report<R>(&self, statement: &Statement, result: &Result<(Vec<R>, Duration), DatabaseError>) {
        let db_query_type = statement.query_type;
        self.metrics
            .count(statement, result.as_ref().map(|(rows, _)| rows.len()));
        match result {
            Ok((rows, took)) => {
                let db_result_count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
                Span::current().record("db.response.returned_rows", db_result_count);
                let db_query_duration_ms = took.as_secs_f64() * 1e3;
                tracing::info!(
                    db_query_type,
                    db_query_duration_ms,
                    db_result_count,
                    "Database query completed"
                );
            }
            Err(error) => {
                error.record(&Span::current());
                let cause = error.cause();
                tracing::error!(db_query_type, cause, "Database query failed");
            }
        }
    }
}

/// Retries until it succeeds; logs the cause when it changes, not on every attempt.
async fn until_prepared<P>(prepare: impl Fn() -> P)
where
    P: Future<Output = Result<(), PrepareError>>,
{
    let mut said = String::new();
    while let Err(error) = prepare().await {
        let cause = error.to_string();
        if cause != said {
            tracing::warn!(cause, "The database is not ready; retrying");
            said = cause;
        }
        sleep(PREPARE_AGAIN).await;
    }
    tracing::info!("The database is ready");
}
