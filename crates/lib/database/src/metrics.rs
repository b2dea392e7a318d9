//! The metrics of a database, from the client's side.

use std::time::Duration;

use sqlx::postgres::PgPool;
use telemetry::metrics::{
    Histogram, HistogramVec, IntCounterVec, Registry, counters, gauge, gauge_read, histogram,
    histograms,
};

use crate::error::DatabaseError;
use crate::statement::Statement;

/// Upper bounds in seconds. A look-up by key takes less than a millisecond; the default timeout is
/// one second.
const QUERY_BUCKETS: [f64; 12] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0,
];

/// Upper bounds in seconds. Acquiring an idle connection takes microseconds.
const WAIT_BUCKETS: [f64; 16] = [
    0.000_002_5,
    0.000_01,
    0.000_025,
    0.000_05,
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    1.0,
];

/// The metrics.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    queries: IntCounterVec,
    duration: HistogramVec,
    wait: Histogram,
}

impl Metrics {
    pub(crate) fn register(registry: &Registry, statements: &[&Statement], pool: &PgPool) -> Self {
        register_pool(registry, pool);
        let metrics = Self {
            queries: counters(
                registry,
                "database_queries_total",
                "Queries by type and result",
                &["query_type", "result"],
            ),
            duration: histograms(
                registry,
                "database_query_duration_seconds",
                "Time in seconds from acquiring a connection to the last row",
                &QUERY_BUCKETS,
                &["query_type"],
            ),
            wait: histogram(
                registry,
                "database_connection_acquire_duration_seconds",
                "Time in seconds that queries waited for a connection, including failed waits",
                &WAIT_BUCKETS,
            ),
        };
        for statement in statements {
            metrics.duration.with_label_values(&[statement.query_type]);
            for result in statement.results() {
                metrics
                    .queries
                    .with_label_values(&[statement.query_type, result]);
            }
        }
        metrics
    }

    pub(crate) fn waited(&self, time: Duration) {
        self.wait.observe(time.as_secs_f64());
    }

    pub(crate) fn took(&self, statement: &Statement, time: Duration) {
        let duration = self.duration.with_label_values(&[statement.query_type]);
        duration.observe(time.as_secs_f64());
    }

    /// Counts a query by its number of rows, or its error.
    pub(crate) fn count(&self, statement: &Statement, rows: Result<usize, &DatabaseError>) {
        let result = match rows {
            Ok(0) if statement.looks_up => "not_found",
            Ok(_) => "success",
            Err(_) => "error",
        };
        let labels = [statement.query_type, result];
        self.queries.with_label_values(&labels).inc();
    }
}

/// Registers the pool's state, which is read at each scrape.
fn register_pool(registry: &Registry, pool: &PgPool) {
    let max = gauge(
        registry,
        "database_connection_pool_max",
        "Maximum number of open connections",
    );
    max.set(pool.options().get_max_connections().into());
    let open = pool.clone();
    gauge_read(
        registry,
        "database_connection_pool_size",
        "Open connections, in use or idle",
        move || open.size().into(),
    );
    let idle = pool.clone();
    gauge_read(
        registry,
        "database_connection_pool_available",
        "Open connections that are idle",
        move || i64::try_from(idle.num_idle()).unwrap_or(i64::MAX),
    );
}
