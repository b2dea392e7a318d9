//! A database with its metrics, and a log.

use std::fs::File;
use std::io::Seek;
use std::time::Duration;

use clap::Parser;
use database::{Database, DatabaseError, Options, PrepareError, Statement};
use local_postgres::LocalPostgres;
use serde_json::Value;
use sqlx::PgPool;
use telemetry::metrics::Registry;
use telemetry::{Service, Settings, Telemetry};
use testkit::eventually;
use tracing::instrument::{WithDispatch, WithSubscriber};
use url::Url;

/// A query that is quick unless its table is locked.
pub(crate) const COUNT: Statement = Statement {
    query_type: "count",
    operation: "SELECT",
    table: "things",
    text: "SELECT count(*) FROM things",
    looks_up: false,
};

/// A query that looks for one thing.
pub(crate) const FIND: Statement = Statement {
    query_type: "find",
    operation: "SELECT",
    table: "things",
    text: "SELECT id::bigint FROM things WHERE id = $1",
    looks_up: true,
};

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    telemetry: Settings,
}

/// A log of its own.
pub(crate) struct Log {
    telemetry: Telemetry,
    file: File,
}

impl Log {
    pub(crate) fn start() -> Self {
        let service = Service {
            name: "observed",
            version: "0",
        };
        let settings = Flags::parse_from(["observed", "--otel-disabled"]).telemetry;
        let file = tempfile::tempfile().expect("a file");
        let telemetry = telemetry::scoped(service, &settings, &file).expect("telemetry");
        Self { telemetry, file }
    }

    /// `work`, which logs here.
    pub(crate) fn of<F: Future>(&self, work: F) -> WithDispatch<F> {
        work.with_subscriber(self.telemetry.subscriber().clone())
    }

    /// The lines.
    pub(crate) async fn end(mut self) -> Vec<Value> {
        let telemetry = self.telemetry;
        let written = tokio::task::spawn_blocking(move || telemetry.shutdown());
        written.await.expect("it does not panic");
        self.file.rewind().expect("a file");
        let lines = serde_json::Deserializer::from_reader(self.file).into_iter();
        lines.map(|line| line.expect("JSON")).collect()
    }
}

pub(crate) struct Opened {
    pub(crate) database: Database,
    pub(crate) registry: Registry,
}

impl Opened {
    /// The database that `prepare` prepares.
    pub(crate) fn new<P>(
        postgres: &LocalPostgres,
        size: u32,
        timeout: Duration,
        prepare: impl Fn(PgPool) -> P + Send + Sync + 'static,
    ) -> Self
    where
        P: Future<Output = Result<(), PrepareError>> + Send,
    {
        let url = postgres.url("postgres", "postgres");
        let url: Url = url.parse().expect("a URL");
        let options = Options {
            database_url: None,
            database_pool_size: size,
            database_timeout: timeout,
        };
        let registry = Registry::new();
        let statements = [&COUNT, &FIND];
        let database = Database::start(&url, &options, &statements, &registry, prepare);
        Self { database, registry }
    }

    /// [`new`](Self::new) with a table of three things, once it is ready.
    pub(crate) async fn with_things(
        postgres: &LocalPostgres,
        size: u32,
        timeout: Duration,
    ) -> Self {
        let table = "CREATE TABLE things AS SELECT generate_series(1, 3) AS id";
        postgres.execute("postgres", table).await.expect("a table");
        let opened = Self::new(postgres, size, timeout, |_| async { Ok(()) });
        opened.ready().await;
        opened
    }

    /// Waits until queries succeed.
    pub(crate) async fn ready(&self) {
        eventually("the database to be ready", || async {
            self.count().await.ok()
        })
        .await;
    }

    /// How many things there are.
    pub(crate) async fn count(&self) -> Result<i64, DatabaseError> {
        let rows: Vec<(i64,)> = self
            .database
            .fetch_all(&COUNT, sqlx::query_as(COUNT.text))
            .await?;
        Ok(rows[0].0)
    }

    /// The rows of a thing.
    pub(crate) async fn find(&self, id: i64) -> Result<Vec<(i64,)>, DatabaseError> {
        let query = sqlx::query_as(FIND.text).bind(id);
        self.database.fetch_all(&FIND, query).await
    }

    /// The sum over the series of a gauge or counter that have all of these label values.
    pub(crate) fn value(&self, name: &str, labels: &[&str]) -> f64 {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == name);
        let series = family.unwrap_or_else(|| panic!("no {name}")).get_metric();
        let series = series.iter().filter(|series| {
            let has = |label: &&str| series.get_label().iter().any(|pair| pair.value() == *label);
            labels.iter().all(has)
        });
        series
            .map(|series| series.get_gauge().get_value() + series.get_counter().get_value())
            .sum()
    }

    /// How many queries waited for a connection for more than 5 ms.
    pub(crate) fn long_waits(&self) -> u64 {
        let families = self.registry.gather();
        let name = "database_connection_acquire_duration_seconds";
        let family = families.iter().find(|family| family.name() == name);
        let waits = family.expect("the histogram").get_metric()[0].get_histogram();
        let buckets = waits.get_bucket().iter();
        let short = buckets.filter(|bucket| bucket.upper_bound() <= 0.005);
        let short = short.fold(0, |most, bucket| most.max(bucket.cumulative_count()));
        waits.get_sample_count() - short
    }

    /// The pool's metrics: open, idle and maximum connections.
    pub(crate) fn pool(&self) -> [f64; 3] {
        ["size", "available", "max"]
            .map(|what| self.value(&format!("database_connection_pool_{what}"), &[]))
    }
}

/// The number of sessions at the server besides those of a test itself.
pub(crate) async fn sessions(postgres: &LocalPostgres) -> usize {
    let count = "SELECT count(*) FROM pg_stat_activity \
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name = ''";
    let count = postgres.execute("postgres", count).await;
    count.expect("a count").parse().expect("a number")
}
