//! The database becomes unavailable and recovers.

use serde_json::json;
use testkit::postgres;

use crate::support::{count, deliver, events, line, lines, ready, start, start_ready};

#[tokio::test]
async fn failed_deliveries_are_repeated_and_then_stored() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let sink = start_ready(&postgres, &["--database-timeout=300ms"]).await;
    let first = lines(&[line("roll", 1), json!("no event")]);
    let second = lines(&[line("roll", 2), json!("no event")]);
    assert_eq!(deliver(&sink, &first).await.0, 200);

    postgres.stop().await.expect("it ran");
    for delivery in [&first, &second, &second] {
        let (status, problem) = deliver(&sink, delivery).await;
        assert_eq!(status, 503, "{problem}");
    }
    let metrics = sink.metrics().await;
    // Events that will be delivered again are not counted yet.
    assert_eq!(metrics.sum("usage_events_total", &[]), 2.0);
    let failed = ["query_type=\"insert\"", "result=\"error\""];
    assert_eq!(metrics.value("database_queries_total", &failed), 3.0);

    postgres.start_again().await.expect("it starts");
    for delivery in [&second, &first] {
        let (status, answer) = deliver(&sink, delivery).await;
        assert_eq!(
            status, 200,
            "the first delivery after the recovery: {answer}"
        );
    }
    assert_eq!(count(&postgres).await, "2");
    assert_eq!(events(&sink, "roll", "stored").await, 2.0);
    assert_eq!(events(&sink, "roll", "duplicate").await, 1.0);
    assert_eq!(events(&sink, "unknown", "rejected").await, 3.0);
    let (_, lines) = sink.terminate().await;
    let failed = lines
        .iter()
        .filter(|line| line["message"] == "Database query failed");
    assert_eq!(failed.count(), 3, "one line for each failure");
}

#[tokio::test]
async fn the_sink_can_start_before_its_database() {
    let Some(postgres) = postgres().await else {
        return;
    };
    postgres.stop().await.expect("it ran");
    let sink = start(&postgres, &["--database-timeout=300ms"]).await;
    let delivery = lines(&[line("sign_in", 1)]);
    assert_eq!(deliver(&sink, &delivery).await.0, 503);
    postgres.start_again().await.expect("it starts");
    ready(&sink).await;
    assert_eq!(deliver(&sink, &delivery).await.0, 200);
    assert_eq!(count(&postgres).await, "1");
}
