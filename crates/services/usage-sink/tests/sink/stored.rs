//! Stored events: their fields, and that each is stored once.

use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use testkit::{eventually, postgres};

use crate::support::{
    count, deliver, event_id, events, line, lines, post, select, start_ready, yesterday,
};

const TYPES: [&str; 5] = ["sign_in", "page_view", "roll", "roll_batch", "sign_out"];

#[tokio::test]
async fn every_field_comes_from_the_line() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let sink = start_ready(&postgres, &[]).await;
    let all: Vec<_> = TYPES
        .iter()
        .zip(1..)
        .map(|(kind, n)| line(kind, n))
        .collect();
    let mut bare = line("page_view", 6);
    let fields = bare.as_object_mut().expect("an object");
    for optional in ["session_id", "die_type", "async_batch_size", "trace_id"] {
        fields.remove(optional);
    }
    let day = yesterday();
    bare["timestamp"] = json!(format!("{day}T06:06:07.5+01:00"));
    bare["username"] = json!("Zoë 🎲 'quoted' \\ \"twice\"");
    assert_eq!(deliver(&sink, &lines(&all)).await, (200, json!({})));
    assert_eq!(deliver(&sink, &lines(&[bare])).await, (200, json!({})));

    let rows = select(
        &postgres,
        "SET timezone = 'UTC'; SELECT event_id, event_type, occurred_at, session_id, username, \
         die_type, rolls, trace_id, now() - received_at < interval '1 minute' \
         FROM usage_events ORDER BY event_id",
    )
    .await;
    let rows: Vec<_> = rows.lines().collect();
    let session = event_id(4_000_000);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    for (number, (kind, rolls)) in TYPES.iter().zip(["", "", "1", "5", ""]).enumerate() {
        let id = event_id(number as u128 + 1);
        let time = format!("{day} 05:06:07.123456+00");
        let row = format!("{id}|{kind}|{time}|{session}|Ada|fair|{rolls}|{trace}|t");
        assert_eq!(rows[number], row);
    }
    let name = "Zoë 🎲 'quoted' \\ \"twice\"";
    let row = format!("{}|page_view|{day} 05:06:07.5+00||{name}||||t", event_id(6));
    assert_eq!(rows[5..], [row]);
}

#[tokio::test]
async fn records_are_found_in_every_place_of_the_request() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let sink = start_ready(&postgres, &[]).await;
    let record = |n| json!({ "body": { "stringValue": line("roll", n).to_string() } });
    let request = json!({ "resourceLogs": [
        { "scopeLogs": [
            { "logRecords": [record(1), record(2)] },
            { "logRecords": [], "scope": { "name": "s" } },
            { "logRecords": null },
            { "logRecords": [record(3)] },
        ] },
        { "resource": { "attributes": [] } },
        { "scopeLogs": [{ "logRecords": [record(4)], "schemaUrl": "" }] },
    ] });
    // Not compressed, and with a parameter.
    for (number, headers) in [
        &[("content-type", "application/json; charset=utf-8")][..],
        &[
            ("content-type", "Application/JSON"),
            ("content-encoding", "identity"),
        ],
        &[
            ("content-type", "application/json"),
            ("content-encoding", "identity,"),
            ("content-encoding", "identity"),
        ],
    ]
    .into_iter()
    .enumerate()
    {
        let answer = post(&sink, headers, request.to_string().into_bytes()).await;
        assert_eq!(answer.status(), 200, "{number}");
        let content_type = &answer.headers()["content-type"];
        assert_eq!(content_type, "application/json");
    }
    assert_eq!(count(&postgres).await, "4");
    for nothing in [json!({}), json!({ "resourceLogs": [] })] {
        assert_eq!(deliver(&sink, &nothing).await, (200, json!({})));
    }
}

#[tokio::test]
async fn a_repeated_event_is_stored_once() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let sink = start_ready(&postgres, &[]).await;
    let delivery: Vec<_> = (1..=100).map(|n| line("roll", n)).collect();
    let twice: Vec<_> = delivery.iter().chain(&delivery).cloned().collect();
    assert_eq!(deliver(&sink, &lines(&twice)).await.0, 200);
    assert_eq!(events(&sink, "roll", "stored").await, 100.0);
    assert_eq!(events(&sink, "roll", "duplicate").await, 100.0);
    for _ in 0..10 {
        assert_eq!(deliver(&sink, &lines(&delivery)).await, (200, json!({})));
    }
    assert_eq!(events(&sink, "roll", "duplicate").await, 1_100.0);
    assert_eq!(count(&postgres).await, "100");
}

#[tokio::test]
async fn deliveries_of_the_same_events_do_not_deadlock() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let sink = start_ready(&postgres, &["--database-timeout=20s"]).await;
    let mut delivery: Vec<_> = (0..500).map(|n| line("roll", n)).collect();
    let forwards = lines(&delivery);
    delivery.reverse();
    let backwards = lines(&delivery);
    // Another transaction holds the event in the middle, so that both deliveries run at the same
    // time.
    let url = postgres.url("postgres", "postgres");
    let mut other = PgConnection::connect(&url).await.expect("a connection");
    let mut holding = other.begin().await.expect("a transaction");
    let insert = "INSERT INTO usage_events VALUES ($1::uuid, 'roll', now(), NULL, 'Eve')";
    let middle = sqlx::query(insert).bind(event_id(250));
    middle.execute(&mut *holding).await.expect("a row");
    let release = async {
        eventually("both to wait", || async {
            let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
            (select(&postgres, waiting).await == "2").then_some(())
        })
        .await;
        holding.rollback().await.expect("it runs");
    };
    let (one, two, ()) = tokio::join!(
        deliver(&sink, &forwards),
        deliver(&sink, &backwards),
        release
    );
    assert_eq!((one, two), ((200, json!({})), (200, json!({}))));
    assert_eq!(count(&postgres).await, "500");
    assert_eq!(events(&sink, "roll", "stored").await, 500.0);
    assert_eq!(events(&sink, "roll", "duplicate").await, 500.0);
}

#[tokio::test]
async fn overlapping_deliveries_can_run_concurrently() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let flags = ["--database-timeout=20s", "--max-in-flight=20"];
    let sink = start_ready(&postgres, &flags).await;
    let requests = (0..10).map(|start| {
        let events: Vec<_> = (start * 50..start * 50 + 500)
            .map(|n| line("roll", n))
            .collect();
        lines(&events)
    });
    let requests: Vec<Value> = requests
        .flat_map(|request| [request.clone(), request])
        .collect();
    let answers = join_all(requests.iter().map(|request| deliver(&sink, request))).await;
    for answer in answers {
        assert_eq!(answer, (200, json!({})));
    }
    assert_eq!(count(&postgres).await, "950");
    assert_eq!(events(&sink, "roll", "stored").await, 950.0);
    assert_eq!(events(&sink, "roll", "duplicate").await, 10_000.0 - 950.0);
}
