//! Invalid records: they are reported and counted, and do not affect the others.

use serde_json::{Value, json};
use testkit::postgres;

use crate::support::{
    assert_no_usage, count, deliver, event_id, events, line, lines, request, select, start_ready,
};

/// A body, its event type in the metric, and a part of the reason in the answer.
fn bad_bodies() -> Vec<(String, &'static str, &'static str)> {
    let with = |kind, field: &str, value: Value| {
        let mut line = line(kind, 1);
        line[field] = value;
        line.to_string()
    };
    let uuid = |value| with("roll", "event_id", json!(value));
    let batch = |value| with("roll_batch", "async_batch_size", value);
    vec![
        ("no JSON".to_owned(), "unknown", "not a JSON object"),
        ("[1]".to_owned(), "unknown", "not a JSON object"),
        (String::new(), "unknown", "not a JSON object"),
        (
            "{}".to_owned(),
            "unknown",
            "event_type must be one of sign_in, page_view",
        ),
        (
            with("rolled", "level", json!("INFO")),
            "unknown",
            "event_type must be one of",
        ),
        (
            with("roll\0", "level", json!("INFO")),
            "unknown",
            "event_type is not a string",
        ),
        (
            with("roll", "event_id", Value::Null),
            "roll",
            "event_id is missing",
        ),
        (uuid("5"), "roll", "event_id is not a UUID"),
        (uuid(""), "roll", "event_id is not a UUID"),
        (
            with("roll", "event_id", json!(5)),
            "roll",
            "event_id is not a string",
        ),
        (
            with("sign_in", "session_id", json!("me")),
            "sign_in",
            "session_id is not a UUID",
        ),
        (
            with("sign_out", "username", Value::Null),
            "sign_out",
            "username is missing",
        ),
        (
            with("sign_in", "username", json!("A\0da")),
            "sign_in",
            "without NUL",
        ),
        (
            with("sign_in", "username", json!("A".repeat(257))),
            "sign_in",
            "at most 256 characters",
        ),
        (
            with("roll", "die_type", json!("fair\0")),
            "roll",
            "die_type is not a string",
        ),
        (
            with("roll", "trace_id", json!("\0")),
            "roll",
            "trace_id is not a string",
        ),
        (
            with("roll", "timestamp", json!("noon")),
            "roll",
            "timestamp is not an RFC 3339 time",
        ),
        (
            with("roll", "timestamp", json!("3000-01-01T00:00:00Z")),
            "roll",
            "timestamp is more than 7 days ago or more than 1 hour ahead",
        ),
        (
            with("roll", "timestamp", json!("1000-01-01T00:00:00+23:00")),
            "roll",
            "timestamp is more than 7 days ago",
        ),
        (
            with("roll", "timestamp", Value::Null),
            "roll",
            "timestamp is not an RFC 3339 time",
        ),
        (
            batch(json!(32_768)),
            "roll_batch",
            "a number from 1 to 32767",
        ),
        (
            batch(json!(u64::MAX)),
            "roll_batch",
            "a number from 1 to 32767",
        ),
        (batch(json!(0)), "roll_batch", "a number from 1 to 32767"),
        (batch(json!(2.5)), "roll_batch", "a number from 1 to 32767"),
        (batch(Value::Null), "roll_batch", "a number from 1 to 32767"),
        (
            r#"{"username":"\ud800"}"#.to_owned(),
            "unknown",
            "not a JSON object",
        ),
    ]
}

#[tokio::test]
async fn an_invalid_record_is_rejected_and_the_others_are_stored() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let sink = start_ready(&postgres, &[]).await;
    let bad = bad_bodies();
    for (number, (body, event_type, reason)) in (100..).zip(&bad) {
        let before = events(&sink, event_type, "rejected").await;
        let good = line("roll", number).to_string();
        let (status, answer) = deliver(&sink, &request([body.clone(), good])).await;
        assert_eq!(status, 200, "{body}: {answer}");
        let partial = &answer["partialSuccess"];
        assert_eq!(partial["rejectedLogRecords"], "1", "{body}");
        let message = partial["errorMessage"].as_str().unwrap_or_default();
        assert!(message.contains(reason), "{body}: {message}");
        let after = events(&sink, event_type, "rejected").await;
        assert_eq!(after - before, 1.0, "{body}");
    }
    assert_eq!(count(&postgres).await, bad.len().to_string());
    assert_eq!(events(&sink, "roll", "stored").await, bad.len() as f64);
    let smallest = format!(
        "SELECT min(event_id::text) = '{}' FROM usage_events",
        event_id(100)
    );
    assert_eq!(select(&postgres, &smallest).await, "t");
}

#[tokio::test]
async fn the_invalid_records_of_a_delivery_cause_one_line_and_no_query() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let sink = start_ready(&postgres, &[]).await;
    let bad = bad_bodies();
    let mut all = request(bad.iter().map(|(body, ..)| body.clone()));
    let chains = all["resourceLogs"].as_array_mut().expect("chains");
    for record in [
        json!({}),
        json!({ "body": {} }),
        json!({ "body": { "intValue": "5" } }),
    ] {
        chains.push(json!({ "scopeLogs": [{ "logRecords": [record] }] }));
    }
    let rejected = chains.len();
    let (status, answer) = deliver(&sink, &all).await;
    assert_eq!(status, 200);
    let told = &answer["partialSuccess"]["rejectedLogRecords"];
    assert_eq!(told, &json!(rejected.to_string()));
    let metrics = sink.metrics().await;
    let outcomes = ["outcome=\"rejected\""];
    assert_eq!(
        metrics.sum("usage_events_total", &outcomes),
        rejected as f64
    );
    assert_eq!(metrics.sum("database_queries_total", &[]), 0.0);
    let (_, lines) = sink.terminate().await;
    assert_no_usage(&lines);
}

#[tokio::test]
async fn an_event_that_the_database_rejects_does_not_block_others() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let sink = start_ready(&postgres, &[]).await;
    let check = "ALTER TABLE usage_events ADD CHECK (username <> 'refused')";
    select(&postgres, check).await;
    let mut all: Vec<_> = (1..=6).map(|number| line("roll", number)).collect();
    all[2]["username"] = json!("refused");
    for duplicates in [0.0, 5.0] {
        let (status, answer) = deliver(&sink, &lines(&all)).await;
        assert_eq!(status, 200, "{answer}");
        let partial = &answer["partialSuccess"];
        assert_eq!(partial["rejectedLogRecords"], "1", "{answer}");
        let reason = partial["errorMessage"].as_str().expect("a reason");
        assert!(reason.contains("the database rejects"), "{reason}");
        assert_eq!(count(&postgres).await, "5");
        assert_eq!(events(&sink, "roll", "duplicate").await, duplicates);
    }
    assert_eq!(events(&sink, "roll", "stored").await, 5.0);
    assert_eq!(events(&sink, "roll", "rejected").await, 2.0);
}
