//! The database queries, and their metrics, log lines and spans.

use std::sync::Arc;

use mini_tempo::{Kind, Span, Status, Store, Value};
use serde_json::json;
use testkit::{DEADLINE, eventually, get, postgres};
use tokio::net::TcpListener;

use crate::support::{fair, ready, start_at, start_ready};

#[tokio::test]
async fn answers_equal_those_of_the_embedded_dice() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let service = start_ready(&postgres, &[]).await;
    let (status, list) = get(&service.url("/dice")).await;
    assert_eq!(
        (status, list),
        (200, json!({"identifiers": ["extreme", "fair", "risky"]}))
    );
    let (status, die) = get(&service.url("/dice?identifier=extreme")).await;
    let specification = json!({"faces": [0, 0, 6, 6, 6, 6], "error_rate": 0.5});
    let extreme = json!({"identifier": "extreme", "specification": specification});
    assert_eq!((status, die), (200, extreme));
    let (status, about) = get(&service.url("/")).await;
    assert_eq!((status, &about["dice"]), (200, &json!(3)));
    for unknown in ["golden", "%00", "fair%00", "'%3B%20DROP%20TABLE%20dice"] {
        let (status, problem) = get(&service.url(&format!("/dice?identifier={unknown}"))).await;
        assert_eq!(status, 404, "{unknown}");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.contains("GET /dice lists"), "{detail}");
    }
}

#[tokio::test]
async fn a_die_added_by_hand_is_served_and_creates_no_series() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let service = start_ready(&postgres, &[]).await;
    let insert = "INSERT INTO dice VALUES ('golden', '{8}', 0)";
    postgres.execute("postgres", insert).await.expect("a die");
    let (status, die) = get(&service.url("/dice?identifier=golden")).await;
    assert_eq!((status, &die["specification"]["faces"]), (200, &json!([8])));
    get(&service.url("/dice")).await;
    let metrics = service.metrics().await;
    assert_eq!(metrics.value("die_specifications_loaded", &[]), 4.0);
    let requested = |name| metrics.sum("die_specifications_requested_total", &[name]);
    assert_eq!(requested("identifier=\"unknown\""), 1.0);
    assert_eq!(requested("identifier=\"golden\""), 0.0);
}

#[tokio::test]
async fn the_list_is_always_that_of_the_database() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let service = start_ready(&postgres, &[]).await;
    let list = async || get(&service.url("/dice")).await;
    let many = "INSERT INTO dice SELECT 'die-' || lpad(n::text, 5, '0'), '{8}', 0 \
        FROM generate_series(1, 10000) n";
    postgres.execute("postgres", many).await.expect("dice");
    let (status, all) = list().await;
    assert_eq!(status, 200);
    let names = all["identifiers"].as_array().expect("a list");
    assert_eq!(names.len(), 10_003);
    let sorted = names.is_sorted_by_key(|name| name.as_str().expect("a name"));
    assert!(sorted && names.contains(&json!("die-10000")));
    // The answer for an unknown die has the same length, whatever the number of dice.
    let unknown = get(&service.url("/dice?identifier=golden")).await;
    let expected = "there is no die \"golden\"; GET /dice lists those there are";
    assert_eq!(
        (unknown.0, unknown.1["detail"].as_str()),
        (404, Some(expected))
    );
    // What another replica or a person deletes is gone at once.
    let none = "DELETE FROM dice";
    postgres.execute("postgres", none).await.expect("it can");
    assert_eq!(list().await, (200, json!({"identifiers": []})));
    let metrics = service.metrics().await;
    assert_eq!(metrics.value("die_specifications_loaded", &[]), 0.0);
}

#[tokio::test]
async fn an_invalid_die_is_a_server_error() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let service = start_ready(&postgres, &[]).await;
    let spoil = "ALTER TABLE dice DROP CONSTRAINT faces_can_be_rolled; \
        UPDATE dice SET faces = '{1, 300}' WHERE identifier = 'fair'";
    postgres.execute("postgres", spoil).await.expect("it can");
    let (status, problem) = fair(&service).await;
    assert_eq!(status, 500, "{problem}");
    let line = service
        .line_with("The die has an invalid specification")
        .await;
    assert_eq!(line["die_identifier"], "fair");
}

#[tokio::test]
async fn every_query_is_counted_and_logged() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let service = start_ready(&postgres, &[]).await;
    let before = service.metrics().await;
    fair(&service).await;
    fair(&service).await;
    get(&service.url("/dice?identifier=golden")).await;
    get(&service.url("/dice")).await;
    let after = service.metrics().await;
    let moved = |name, labels: &[&str]| after.value(name, labels) - before.value(name, labels);
    let get = "query_type=\"get\"";
    let list = "query_type=\"list\"";
    let queries = "database_queries_total";
    assert_eq!(moved(queries, &[get, "result=\"success\""]), 2.0);
    assert_eq!(moved(queries, &[get, "result=\"not_found\""]), 1.0);
    // An unknown die does not cause a query for the list.
    assert_eq!(moved(queries, &[list, "result=\"success\""]), 1.0);
    assert_eq!(moved(queries, &[list, "result=\"error\""]), 0.0);
    assert_eq!(moved("database_query_duration_seconds_count", &[get]), 3.0);
    assert_eq!(moved("database_query_duration_seconds_count", &[list]), 1.0);
    let waits = "database_connection_acquire_duration_seconds_count";
    assert_eq!(moved(waits, &[]), 4.0);

    let last = eventually("the line of a query", || async {
        let mut lines = service.lines_with("Database query completed");
        lines.retain(|line| line["db_query_type"] == "list");
        lines.pop()
    })
    .await;
    // All names are in one row.
    assert_eq!(last["db_result_count"], 1);
    let took = last["db_query_duration_ms"].as_f64().expect("a number");
    let longest = DEADLINE.as_secs_f64() * 1000.0;
    assert!((0.001..longest).contains(&took), "{took} ms");
}

#[tokio::test]
async fn a_query_is_a_client_span_as_in_the_conventions() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let store = Store::new(10_000);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let otlp = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(axum::serve(listener, mini_tempo::receiver(store.clone())).into_future());
    let url = postgres.url("postgres", "postgres");
    let service = start_at(&url, &["--otlp-endpoint", &otlp, "--span-delay=50"]).await;
    ready(&service).await;

    let span = query_span(&store, "db.response.returned_rows").await;
    assert_eq!(
        (span.name(), span.kind(), span.status()),
        ("SELECT dice", Kind::Client, Status::Unset)
    );
    let server = span.parent_id().expect("a parent");
    // The parent ends later, and may be exported later.
    let server = eventually("the parent", || async {
        let trace = store.trace(span.trace_id())?;
        trace.span(server).map(|server| server.name().to_owned())
    })
    .await;
    assert_eq!(server, "GET /dice");
    for (key, expected) in [
        ("db.system.name", "postgresql"),
        ("db.namespace", "postgres"),
        ("db.collection.name", "dice"),
        ("db.operation.name", "SELECT"),
        ("db.query.summary", "SELECT dice"),
        (
            "db.query.text",
            "SELECT faces, error_rate FROM dice WHERE identifier = $1",
        ),
        ("server.address", "127.0.0.1"),
    ] {
        assert_eq!(span.attribute(key), Some(Value::Text(expected)), "{key}");
    }
    let port = url
        .rsplit_once(':')
        .and_then(|(_, rest)| rest.split('/').next()?.parse().ok());
    assert_eq!(span.attribute("server.port"), port.map(Value::Int));
    assert_eq!(
        span.attribute("db.response.returned_rows"),
        Some(Value::Int(1))
    );

    postgres
        .execute("postgres", "ALTER TABLE dice RENAME TO bones")
        .await
        .expect("it can");
    assert_eq!(fair(&service).await.0, 503);
    let span = query_span(&store, "db.response.status_code").await;
    let undefined_table = Some(Value::Text("42P01"));
    assert_eq!(span.attribute("db.response.status_code"), undefined_table);
    assert_eq!(span.attribute("error.type"), undefined_table);
    assert_eq!(span.status(), Status::Error);
}

/// A span of a query that has this attribute.
async fn query_span(store: &Store, attribute: &str) -> Arc<Span> {
    eventually(&format!("a query's span with {attribute}"), || async {
        let traces = store.traces();
        let mut spans = traces.iter().flat_map(|trace| trace.spans());
        spans
            .find(|span| span.attribute(attribute).is_some())
            .cloned()
    })
    .await
}
