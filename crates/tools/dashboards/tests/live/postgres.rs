//! A stage's PostgreSQL with the roles of the stack, and its exporter.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use local_postgres::LocalPostgres;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::process::{Child, Command};

use crate::STACK;

/// Debian's name for postgres_exporter.
const EXPORTER: &str = "prometheus-postgres-exporter";

/// The server and its exporter; both end when dropped.
pub(crate) struct Postgres {
    server: LocalPostgres,
    /// `host:port` of the exporter.
    pub(crate) address: String,
    _exporter: Child,
}

/// Runs the stack's script one statement at a time, because CREATE DATABASE is not allowed in a
/// transaction.
async fn make_roles(server: &LocalPostgres) {
    let file = Path::new(STACK).join("postgres/roles.sql");
    let script = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let (mut database, mut statement) = ("postgres", String::new());
    for line in script.lines().filter(|line| !line.starts_with("--")) {
        if let Some(other) = line.strip_prefix("\\connect ") {
            database = other;
            continue;
        }
        statement += line;
        if line.ends_with(';') {
            let done = server.execute(database, &statement).await;
            done.unwrap_or_else(|error| panic!("{statement} {error}"));
            statement.clear();
        }
    }
}

/// The missing program, if any.
pub(crate) fn missing() -> Option<&'static str> {
    if !LocalPostgres::is_there() {
        return Some("postgres");
    }
    (!testkit::is_there(EXPORTER)).then_some(EXPORTER)
}

impl Postgres {
    pub(crate) async fn start() -> Self {
        let server = LocalPostgres::start().await.expect("PostgreSQL starts");
        make_roles(&server).await;
        let address = testkit::free_address();
        let source = server.url("exporter", "postgres") + "?sslmode=disable";
        let exporter = Command::new(EXPORTER)
            .arg(format!("--web.listen-address={address}"))
            .env("DATA_SOURCE_NAME", source)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the exporter starts");
        Self {
            server,
            address,
            _exporter: exporter,
        }
    }

    pub(crate) fn url(&self, role: &str, database: &str) -> String {
        self.server.url(role, database)
    }

    /// Runs statements that fail and are rolled back.
    pub(crate) async fn make_mistakes(&self) {
        for database in ["dice", "usage"] {
            let failed = self.server.execute(database, "SELECT 1/0").await;
            failed.expect_err("division by zero fails");
        }
    }

    pub(crate) async fn stop(&self) {
        self.server.stop().await.expect("PostgreSQL stops");
    }

    pub(crate) async fn start_again(&self) {
        self.server.start_again().await.expect("PostgreSQL starts");
    }

    /// Runs `select` in Grafana's role; each row is an object.
    pub(crate) async fn select(&self, select: &str) -> Result<Vec<Value>, String> {
        let sql =
            format!("SELECT coalesce(json_agg(answer), '[]')::text FROM ({select}) AS answer");
        let url = self.url("grafana", "usage");
        let rows: Result<String, sqlx::Error> = async {
            let mut connection = PgConnection::connect(&url).await?;
            let query = sqlx::query_scalar(AssertSqlSafe(sql));
            query.fetch_one(&mut connection).await
        }
        .await;
        let rows = rows.map_err(|error| error.to_string())?;
        serde_json::from_str(&rows).map_err(|error| error.to_string())
    }
}
