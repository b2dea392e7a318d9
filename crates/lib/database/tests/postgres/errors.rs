//! What becomes of a query, in its result and its metrics.

use std::time::Duration;

use database::DatabaseError;
use testkit::postgres;

use crate::support::{Log, Opened};

const TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn queries_are_counted_by_type_and_result_from_0() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let opened = Opened::with_things(&postgres, 1, TIMEOUT).await;
    let count = |result| opened.value("database_queries_total", &["find", result]);
    let counts = || ["success", "not_found", "error"].map(count);
    assert_eq!(counts(), [0.0; 3]);
    assert_eq!(opened.find(2).await.expect("rows"), [(2,)]);
    assert_eq!(opened.find(9).await.expect("no rows"), []);
    assert_eq!(counts(), [1.0, 1.0, 0.0]);
}

#[tokio::test]
async fn an_error_of_postgresql_keeps_its_code_and_is_counted() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let opened = Opened::with_things(&postgres, 1, TIMEOUT).await;
    let rename = "ALTER TABLE things RENAME TO others";
    postgres.execute("postgres", rename).await.expect("it can");
    let log = Log::start();
    let error = log.of(opened.find(1)).await.expect_err("there is no table");
    assert_eq!(error.sqlstate().as_deref(), Some("42P01"));
    assert!(!error.is_about_the_data());
    assert_eq!(
        opened.value("database_queries_total", &["find", "error"]),
        1.0
    );
    // sqlx appends the line number of PostgreSQL's source, which looks like one of the statement.
    let lines = log.end().await;
    let cause = "relation \"things\" does not exist (SQLSTATE 42P01)";
    assert_eq!(lines[0]["message"], "Database query failed");
    assert_eq!(lines[0]["cause"], cause);
}

#[tokio::test]
async fn a_server_that_is_away_is_a_failure_and_recovers_without_a_new_pool() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let opened = Opened::with_things(&postgres, 2, TIMEOUT).await;
    postgres.stop().await.expect("it ran");
    let error = opened.count().await.expect_err("it is away");
    let is_honest = matches!(error, DatabaseError::Failed(_) | DatabaseError::Timeout);
    assert!(is_honest && error.sqlstate().is_none(), "{error:?}");
    postgres.start_again().await.expect("it starts");
    assert_eq!(opened.count().await.expect("it is back"), 3);
}
