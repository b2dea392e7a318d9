//! The life of a server: started, stopped, killed, started again, removed.

use std::path::PathBuf;

#[tokio::test]
async fn data_survives_a_stop_and_a_crash_but_not_a_drop() {
    let Some(server) = testkit::postgres().await else {
        return;
    };
    let execute = |sql: &'static str| server.execute("postgres", sql);
    execute("CREATE TABLE t (n integer, name text); INSERT INTO t VALUES (1, 'one'), (2, 'two')")
        .await
        .expect("a table");
    server.stop().await.expect("it ran");
    assert!(
        execute("SELECT 1").await.is_err(),
        "a stopped server answered"
    );
    server.start_again().await.expect("it starts");
    server.kill().await.expect("it ran");
    assert!(
        execute("SELECT 1").await.is_err(),
        "a killed server answered"
    );
    server.start_again().await.expect("it starts");
    let rows = execute("SELECT * FROM t ORDER BY n").await.expect("rows");
    assert_eq!(rows, "1|one\n2|two");

    let directory = execute("SHOW data_directory").await.expect("a setting");
    let directory = PathBuf::from(directory);
    assert!(directory.exists());
    drop(server);
    assert!(!directory.exists(), "left behind: {}", directory.display());
}

#[tokio::test]
async fn errors_contain_the_message_of_postgresql() {
    let Some(server) = testkit::postgres().await else {
        return;
    };
    let error = server.execute("postgres", "SELECT nonsense").await;
    let error = error.expect_err("the column does not exist").to_string();
    assert!(
        error.contains("column \"nonsense\" does not exist"),
        "{error}"
    );
}

#[tokio::test]
async fn two_servers_are_independent() {
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
