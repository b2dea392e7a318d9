//! Migrations: once, in order, and none on a database that is newer than the program.

use std::time::Duration;

use database::{DatabaseError, Migration, migrate};
use sqlx::PgPool;
use testkit::postgres;

use crate::support::Opened;

const STEPS: &[Migration] = &[
    Migration {
        description: "things",
        sql: "CREATE TABLE things (id int)",
    },
    Migration {
        description: "one thing",
        sql: "INSERT INTO things VALUES (1)",
    },
];

fn open(postgres: &local_postgres::LocalPostgres) -> Opened {
    let timeout = Duration::from_secs(10);
    let prepare = |pool| async move { Ok(migrate(&pool, STEPS).await?) };
    Opened::new(postgres, 2, timeout, prepare)
}

#[tokio::test]
async fn programs_that_start_together_run_each_migration_once() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let (one, two) = (open(&postgres), open(&postgres));
    one.ready().await;
    two.ready().await;
    assert_eq!(one.count().await.expect("an answer"), 1);
    let steps = "SELECT version, description FROM _sqlx_migrations WHERE success ORDER BY 1";
    let steps = postgres.execute("postgres", steps).await;
    assert_eq!(steps.expect("steps"), "1|things\n2|one thing");
}

#[tokio::test]
async fn a_schema_that_is_newer_than_the_program_is_left_alone() {
    let Some(postgres) = postgres().await else {
        return;
    };
    open(&postgres).ready().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
        VALUES (99, 'of tomorrow', true, '', 0)";
    postgres.execute("postgres", newer).await.expect("a row");
    let url = postgres.url("postgres", "postgres");
    let pool = PgPool::connect(&url).await.expect("a pool");
    let error = migrate(&pool, STEPS).await.expect_err("it is newer");
    assert!(error.to_string().contains("99"), "{error}");
    // It keeps the lock of migrations for as long as it is connected.
    pool.close().await;
    let opened = open(&postgres);
    let error = opened.count().await.expect_err("it is not prepared");
    assert!(matches!(error, DatabaseError::NotReady), "{error:?}");
    let things = postgres.execute("postgres", "SELECT id FROM things").await;
    assert_eq!(things.expect("things"), "1");
    let older = "DELETE FROM _sqlx_migrations WHERE version = 99";
    postgres
        .execute("postgres", older)
        .await
        .expect("it is gone");
    opened.ready().await;
}
