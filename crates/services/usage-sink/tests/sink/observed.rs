//! Spans, metrics and log lines of a delivery.

use mini_tempo::{Kind, Status, Store, Value};
use serde_json::json;
use testkit::{eventually, postgres};
use tokio::net::TcpListener;

use crate::support::{assert_no_usage, deliver, line, lines, start_ready};

#[tokio::test]
async fn a_delivery_is_a_server_span_with_its_numbers_and_the_insert_below() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let store = Store::new(1_000);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let otlp = format!(
        "--otlp-endpoint=http://{}",
        listener.local_addr().expect("bound")
    );
    tokio::spawn(axum::serve(listener, mini_tempo::receiver(store.clone())).into_future());
    let sink = start_ready(&postgres, &[&otlp, "--span-delay=50"]).await;
    deliver(&sink, &lines(&[line("roll", 1), line("roll", 2)])).await;
    let bad = json!({ "event_type": "roll" });
    let mixed = lines(&[line("roll", 2), line("sign_in", 3), line("roll", 3), bad]);
    assert_eq!(deliver(&sink, &mixed).await.0, 200);

    let trace = eventually("the trace of the second delivery", || async {
        let of_second = |span: &mini_tempo::Span| {
            span.attribute("usage.events.rejected") == Some(Value::Int(1))
        };
        let mut traces = store.traces().into_iter();
        traces.find(|trace| trace.spans().len() == 2 && trace.root().is_some_and(of_second))
    })
    .await;
    let server = trace.root().expect("a root");
    assert_eq!(
        (server.name(), server.kind()),
        ("POST /v1/logs", Kind::Server)
    );
    for (name, count) in [
        ("received", 4),
        ("stored", 1),
        ("duplicate", 2),
        ("rejected", 1),
    ] {
        let value = server.attribute(&format!("usage.events.{name}"));
        assert_eq!(value, Some(Value::Int(count)), "{name}");
    }
    let insert = trace.children(server.id()).next().expect("a child");
    let expected = ("INSERT usage_events", Kind::Client, Status::Unset);
    assert_eq!((insert.name(), insert.kind(), insert.status()), expected);
    assert_eq!(
        insert.attribute("db.operation.name"),
        Some(Value::Text("INSERT"))
    );

    let trace_id = trace.id().to_string();
    let (_, lines) = sink.terminate().await;
    let mut stored = lines
        .iter()
        .filter(|line| line["message"] == "Usage events stored");
    let last = stored.next_back().expect("a line");
    assert_eq!(
        (&last["stored"], &last["duplicate"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(last["trace_id"], trace_id);
    assert_no_usage(&lines);
}

#[tokio::test]
async fn every_series_exists_from_the_start() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let sink = start_ready(&postgres, &[]).await;
    let before = sink.metrics().await;
    for event_type in ["sign_in", "page_view", "roll", "roll_batch", "sign_out"] {
        for outcome in ["stored", "duplicate", "rejected"] {
            let labels = [
                &*format!("event_type=\"{event_type}\""),
                &format!("outcome=\"{outcome}\""),
            ];
            assert_eq!(before.value("usage_events_total", &labels), 0.0);
        }
    }
    let insert = "query_type=\"insert\"";
    for result in ["result=\"success\"", "result=\"error\""] {
        assert_eq!(
            before.value("database_queries_total", &[insert, result]),
            0.0
        );
    }
    let all: Vec<_> = [
        "sign_in",
        "page_view",
        "roll",
        "roll_batch",
        "sign_out",
        "other",
    ]
    .iter()
    .zip(1..)
    .map(|(kind, n)| line(kind, n))
    .collect();
    for _ in 0..2 {
        assert_eq!(deliver(&sink, &lines(&all)).await.0, 200);
    }
    let after = sink.metrics().await;
    for (outcome, count) in [("stored", 5.0), ("duplicate", 5.0), ("rejected", 2.0)] {
        let outcome = format!("outcome=\"{outcome}\"");
        assert_eq!(after.sum("usage_events_total", &[&outcome]), count);
    }
    let success = [insert, "result=\"success\""];
    assert_eq!(after.value("database_queries_total", &success), 2.0);
    let answered = ["handler=\"/v1/logs\"", "method=\"POST\"", "status=\"200\""];
    assert_eq!(after.value("http_requests_total", &answered), 2.0);
    let (before, after): (Vec<_>, Vec<_>) = (before.series().collect(), after.series().collect());
    assert_eq!(before, after, "deliveries create no series");
}
