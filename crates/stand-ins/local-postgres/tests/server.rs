//! The server's life: started, stopped, killed, started again, gone.

use std::path::PathBuf;

#[tokio::test]
async fn data_outlive_a_stop_and_a_crash_but_not_the_server() {
    let Some(server) = testkit::postgres().await else {
        return;
    };
    let ask = |sql: &'static str| server.execute("postgres", sql);
    ask("CREATE TABLE t (n integer, name text); INSERT INTO t VALUES (1, 'one'), (2, 'two')")
        .await
        .expect("a table");
    server.stop().await.expect("it ran");
    assert!(ask("SELECT 1").await.is_err(), "stopped, and answers");
    server.start_again().await.expect("it starts");
    server.kill().await.expect("it ran");
    assert!(ask("SELECT 1").await.is_err(), "killed, and answers");
    server.start_again().await.expect("it starts");
    let rows = ask("SELECT * FROM t ORDER BY n").await.expect("rows");
    assert_eq!(rows, "1|one\n2|two");

    let directory = ask("SHOW data_directory").await.expect("a setting");
    let directory = PathBuf::from(directory);
    assert!(directory.exists());
    drop(server);
    assert!(!directory.exists(), "left behind: {}", directory.display());
}

#[tokio::test]
async fn mistakes_are_told_in_postgresqls_words() {
    let Some(server) = testkit::postgres().await else {
        return;
    };
    let error = server.execute("postgres", "SELECT nonsense").await;
    let error = error.expect_err("there is no such column").to_string();
    assert!(
        error.contains("column \"nonsense\" does not exist"),
        "{error}"
    );
}

#[tokio::test]
async fn two_servers_do_not_meet() {
    let (Some(one), Some(two)) = (testkit::postgres().await, testkit::postgres().await) else {
        return;
    };
    one.execute("postgres", "CREATE DATABASE only_here")
        .await
        .expect("a database");
    let databases = "SELECT count(*) FROM pg_database WHERE datname = 'only_here'";
    assert_eq!(
        two.execute("postgres", databases).await.expect("a count"),
        "0"
    );
}
