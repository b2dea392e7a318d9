//! die-service with a database, as a process.

use std::process::Stdio;

use local_postgres::LocalPostgres;
use serde_json::Value;
use testkit::{Process, eventually, get};

/// Starts die-service on `postgres`, which need not be running.
pub(crate) async fn start(postgres: &LocalPostgres, flags: &[&str]) -> Process {
    let database = postgres.url("postgres", "postgres");
    start_at(&database, &[&["--otel-disabled"], flags].concat()).await
}

/// Starts die-service on the database at this URL.
pub(crate) async fn start_at(database: &str, flags: &[&str]) -> Process {
    let own = ["--listen=127.0.0.1:0", "--database-url", database];
    let program = env!("CARGO_BIN_EXE_die-service");
    Process::start(program, &[&own, flags].concat()).await
}

/// Like [`start`], and waits until the dice are available.
pub(crate) async fn start_ready(postgres: &LocalPostgres, flags: &[&str]) -> Process {
    let service = start(postgres, flags).await;
    ready(&service).await;
    service
}

/// Waits until the dice are available.
pub(crate) async fn ready(service: &Process) {
    eventually("die-service to have its dice", || async {
        (fair(service).await.0 == 200).then_some(())
    })
    .await;
}

/// Requests the fair die.
pub(crate) async fn fair(service: &Process) -> (u16, Value) {
    get(&service.url("/dice?identifier=fair")).await
}

/// While this value lives, the table of dice cannot be read: another transaction locks it.
pub(crate) struct Locked<'a>(&'a LocalPostgres);

impl<'a> Locked<'a> {
    /// Locks the table; a background session holds the lock for a minute at most.
    pub(crate) async fn start(postgres: &'a LocalPostgres) -> Self {
        let keep = "BEGIN; LOCK TABLE dice IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)";
        let url = postgres.url("postgres", "postgres");
        let url = format!("{url}?application_name=locker");
        tokio::process::Command::new("psql")
            .args(["--no-psqlrc", "--quiet", "--command", keep, &url])
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map(|mut child| tokio::spawn(async move { child.wait().await }))
            .expect("psql starts");
        let locks = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' \
            AND relation = 'dice'::regclass AND granted";
        eventually("the lock", || async {
            let count = postgres.execute("postgres", locks).await.expect("a count");
            (count == "1").then_some(())
        })
        .await;
        Self(postgres)
    }

    /// Releases the lock.
    pub(crate) async fn release(self) {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
            WHERE application_name = 'locker'";
        self.0.execute("postgres", end).await.expect("it ends");
    }
}
