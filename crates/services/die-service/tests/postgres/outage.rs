//! Outages of the database: a clear answer during the outage, and recovery without a restart.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use testkit::{Process, eventually, get, postgres};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::support::{fair, ready, start, start_at, start_ready};

const UNAVAILABLE: &str = "the database with the dice does not answer; try again later";

async fn assert_unavailable(service: &Process) {
    for path in ["/dice?identifier=fair", "/dice", "/"] {
        let (status, problem) = get(&service.url(path)).await;
        assert_eq!(status, 503, "{path}: {problem}");
        assert_eq!(problem["detail"], UNAVAILABLE);
    }
    let (status, _) = get(&service.url("/healthz")).await;
    assert_eq!(status, 200, "the service itself is healthy");
}

#[tokio::test]
async fn recovers_after_a_stop_and_a_start() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let service = start_ready(&postgres, &["--database-timeout=300ms"]).await;
    let errors = async || {
        let metrics = service.metrics().await;
        metrics.sum("database_queries_total", &["result=\"error\""])
    };
    let failures = || service.lines_with("Database query failed").len();
    let (errors_before, failures_before) = (errors().await, failures());
    postgres.stop().await.expect("it ran");
    assert_unavailable(&service).await;
    assert_eq!(errors().await - errors_before, 3.0);
    eventually("a line for each failure", || async {
        (failures() - failures_before == 3).then_some(())
    })
    .await;
    postgres.start_again().await.expect("it starts");
    let (status, problem) = fair(&service).await;
    assert_eq!(
        status, 200,
        "the first request after the restart: {problem}"
    );
}

#[tokio::test]
async fn recovers_after_a_kill_under_load() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let service = start_ready(&postgres, &[]).await;
    let url = service.url("/dice?identifier=fair");
    let (stop, stopped) = watch::channel(false);
    let load = (0..8).map(|_| {
        let (url, stopped) = (url.clone(), stopped.clone());
        tokio::spawn(async move {
            let mut statuses = Vec::new();
            while !*stopped.borrow() {
                let answer = testkit::fetch(&url).await.expect("an answer");
                statuses.push(answer.status().as_u16());
            }
            statuses
        })
    });
    let load: Vec<_> = load.collect();
    postgres.kill().await.expect("it ran");
    eventually("a failure", || async {
        (fair(&service).await.0 == 503).then_some(())
    })
    .await;
    postgres.start_again().await.expect("it starts");
    ready(&service).await;
    for _ in 0..20 {
        assert_eq!(fair(&service).await.0, 200, "the recovery is permanent");
    }
    stop.send_replace(true);
    for client in join_all(load).await {
        let statuses = client.expect("no panic");
        let honest = statuses.iter().all(|status| matches!(status, 200 | 503));
        assert!(honest && statuses.ends_with(&[200]), "{statuses:?}");
    }
}

#[tokio::test]
async fn the_database_may_start_after_the_service() {
    let Some(postgres) = postgres().await else {
        return;
    };
    postgres.stop().await.expect("it ran");
    let service = start(&postgres, &["--database-timeout=300ms"]).await;
    assert_unavailable(&service).await;
    postgres.start_again().await.expect("it starts");
    ready(&service).await;
}

#[tokio::test]
async fn retries_do_not_flood_the_database_with_connections() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let url = format!("postgres://user@127.0.0.1:{port}/nothing");
    let service = start_at(&url, &["--otel-disabled"]).await;
    let start = Instant::now();
    let (asked, mut connections) = (&service, 0);
    let requests = async {
        for _ in 0..20 {
            let answers = join_all((0..50).map(|_| fair(asked))).await;
            assert!(
                answers.iter().all(|(status, _)| *status == 503),
                "{answers:?}"
            );
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    let accept = async {
        while let Ok(connection) = listener.accept().await {
            drop(connection);
            connections += 1;
        }
    };
    tokio::select! {
        () = requests => {}
        () = accept => {}
    }
    // One connection a second, regardless of requests; the first two may be opened at once.
    let seconds = start.elapsed().as_secs();
    assert!(
        (1..=seconds + 2).contains(&connections),
        "{connections} connections for 1,000 requests in {seconds} s"
    );
    let (_, lines) = service.terminate().await;
    let warning = "The database is not ready; retrying";
    let warnings = lines.iter().filter(|line| line["message"] == warning);
    let warnings: Vec<_> = warnings.collect();
    assert!(!warnings.is_empty());
    // Logged when the cause changes, not on every attempt: a dropped connection appears as reset or
    // as ended.
    for pair in warnings.windows(2) {
        assert_ne!(pair[0]["cause"], pair[1]["cause"], "{warnings:?}");
    }
}

#[tokio::test]
async fn an_invalid_url_is_reported_without_its_password() {
    let program = env!("CARGO_BIN_EXE_die-service");
    let name_it = "postgres://user@localhost:5432/name";
    for (wrong, words) in [
        ("mysql://me:hunter2@localhost/dice", name_it),
        ("postgres://me:hunter2@localhost", name_it),
        ("me:hunter2@localhost/dice", name_it),
        (
            "postgres://me:hunter2@localhost/dice?sslmode=require",
            "sslmode=require needs TLS",
        ),
        (
            "postgres://me:hunter2@one,two/dice?connect_timeout=5",
            "several hosts",
        ),
        (
            "postgres://me@localhost/dice?password=hunter2&connect_timeout=5",
            "connect_timeout is not supported",
        ),
    ] {
        let mut command = tokio::process::Command::new(program);
        let output = command.env("DATABASE_URL", wrong).output().await;
        let output = output.expect("it starts");
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(words), "{wrong}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    let mut command = tokio::process::Command::new(program);
    let secret = "postgres://me:hunter2@localhost/dice";
    let help = command
        .arg("--help")
        .env("DATABASE_URL", secret)
        .output()
        .await;
    let help = help.expect("it starts").stdout;
    assert!(!String::from_utf8_lossy(&help).contains("hunter2"));
}
