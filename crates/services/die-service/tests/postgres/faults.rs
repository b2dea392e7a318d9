//! The faults that need a database: a pool that leaks, and a table that is locked.

use faults::Fault;
use testkit::{FlagsFile, assert_unnamed, becomes, eventually};

use crate::support::{fair, start_ready};

#[tokio::test]
async fn a_leaking_pool_has_no_connection_left_until_it_is_switched_off() {
    let Some(postgres) = testkit::postgres().await else {
        return;
    };
    let flags = FlagsFile::new();
    let flag = flags.flag();
    let own = ["--database-pool-size=2", "--database-timeout=200ms", &flag];
    let service = start_ready(&postgres, &own).await;
    let status = || async { fair(&service).await.0 };
    let idle = || async {
        let metrics = service.metrics().await;
        let size = metrics.value("database_connection_pool_size", &[]);
        (
            size,
            metrics.value("database_connection_pool_available", &[]),
        )
    };
    flags.set(&[(Fault::PoolLeak, 100.0)]);
    becomes("size and idle connections", (2.0, 0.0), idle).await;
    becomes("the status", 503, status).await;
    flags.set(&[]);
    becomes("the status", 200, status).await;
    eventually("an idle connection", || async {
        (idle().await.1 > 0.0).then_some(())
    })
    .await;
    flags.set(&[(Fault::PoolLeak, 1.0)]);
    becomes("idle connections with one that leaked", (2.0, 1.0), idle).await;
    assert_eq!(status().await, 200, "one connection is enough");
    assert_unnamed(&service).await;
}

#[tokio::test]
async fn queries_of_a_locked_table_time_out_until_it_is_switched_off() {
    let Some(postgres) = testkit::postgres().await else {
        return;
    };
    let flags = FlagsFile::new();
    let own = ["--database-timeout=500ms", &flags.flag()];
    let service = start_ready(&postgres, &own).await;
    let status = || async { fair(&service).await.0 };
    let errors = || async {
        let labels = ["query_type=\"get\"", "result=\"error\""];
        service
            .metrics()
            .await
            .value("database_queries_total", &labels)
    };
    let before = errors().await;
    flags.set(&[(Fault::LockedTable, 1.0)]);
    becomes("the status", 503, status).await;
    assert!(errors().await > before);
    let locks = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' \
        AND relation = 'dice'::regclass AND granted";
    let locks = || async { postgres.execute("postgres", locks).await.expect("a count") };
    becomes("locks", "1".to_owned(), locks).await;
    flags.set(&[]);
    becomes("the status", 200, status).await;
    becomes("locks", "0".to_owned(), locks).await;
    assert_unnamed(&service).await;
}
