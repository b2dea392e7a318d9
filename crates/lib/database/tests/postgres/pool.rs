//! The pool: its metrics, its limit, and callers that give up.

use std::time::Duration;

use database::DatabaseError;
use futures_util::future::{join, join_all};
use sqlx::{Connection, PgConnection};
use testkit::{becomes, eventually, postgres};

use crate::support::{Opened, sessions};

/// Longer than any test waits.
const LONG: Duration = Duration::from_secs(60);

/// A session that has locked the table, until it is dropped.
async fn lock(postgres: &local_postgres::LocalPostgres) -> PgConnection {
    let url = postgres.url("postgres", "postgres");
    let url = format!("{url}?application_name=locker");
    let mut session = PgConnection::connect(&url).await.expect("a session");
    for statement in ["BEGIN", "LOCK TABLE things IN ACCESS EXCLUSIVE MODE"] {
        sqlx::query(statement)
            .execute(&mut session)
            .await
            .expect(statement);
    }
    session
}

#[tokio::test]
async fn gauges_show_the_pool_and_change_under_load() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let opened = Opened::with_things(&postgres, 4, LONG).await;
    let locked = lock(&postgres).await;
    let waiting = join_all((0..10).map(|_| opened.count()));
    let observed = async {
        let in_use = "all connections to be in use";
        becomes(in_use, [4.0, 0.0, 4.0], || async { opened.pool() }).await;
        becomes("sessions", 4, || sessions(&postgres)).await;
        locked.close().await.expect("it ends");
    };
    let (answers, ()) = join(waiting, observed).await;
    for answer in answers {
        assert_eq!(answer.expect("an answer"), 3);
    }
    becomes("idle connections", [4.0; 3], || async { opened.pool() }).await;
    // Six of the ten had to wait for a connection.
    assert!(opened.long_waits() >= 6, "{}", opened.long_waits());
}

#[tokio::test]
async fn a_full_pool_and_a_slow_query_are_timeouts() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let opened = Opened::with_things(&postgres, 2, Duration::from_millis(500)).await;
    let before = opened.value("database_queries_total", &["count", "error"]);
    let locked = lock(&postgres).await;
    for answer in join_all((0..6).map(|_| opened.count())).await {
        // Those with a connection may hear of the server's own bound first.
        let error = answer.expect_err("the table is locked");
        let canceled = error.sqlstate().as_deref() == Some("57014");
        assert!(
            matches!(error, DatabaseError::Timeout) || canceled,
            "{error:?}"
        );
    }
    let errors = opened.value("database_queries_total", &["count", "error"]);
    assert_eq!(errors - before, 6.0);
    locked.close().await.expect("it ends");
    opened.ready().await;
}

#[tokio::test]
async fn callers_that_give_up_do_not_leak_connections() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let opened = Opened::with_things(&postgres, 3, LONG).await;
    for _ in 0..3 {
        let locked = lock(&postgres).await;
        let given_up = eventually("all connections to be in use", || async {
            let [_, available, _] = opened.pool();
            (available == 0.0 && opened.pool()[0] == 3.0).then_some(())
        });
        let waiting = join_all((0..30).map(|_| opened.count()));
        tokio::select! {
            _ = waiting => panic!("the table is locked"),
            () = given_up => {}
        }
        locked.close().await.expect("it ends");
    }
    // A connection whose caller gave up is closed or idle again: none stays in use.
    eventually("no connection to be in use", || async {
        let [open, available, _] = opened.pool();
        (open == available).then_some(())
    })
    .await;
    eventually("sessions of the pool alone", || async {
        (sessions(&postgres).await <= 3).then_some(())
    })
    .await;
    for answer in join_all((0..30).map(|_| opened.count())).await {
        assert_eq!(answer.expect("an answer"), 3);
    }
}
