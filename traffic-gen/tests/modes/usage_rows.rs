//! `reconcile` and the usage events in PostgreSQL.

use std::collections::BTreeMap;

use local_postgres::LocalPostgres;
use testkit::eventually;

use crate::hops::{Hops, Loss};
use crate::reconcile::{REQUESTS, arguments, lost, row};
use crate::run::{Finished, start, traffic_gen};

const ROWS: &str = "rows in PostgreSQL";

const TABLE: &str = "CREATE TABLE usage_events (
    event_id uuid PRIMARY KEY, event_type text NOT NULL, occurred_at timestamptz NOT NULL,
    session_id uuid, username text NOT NULL, die_type text, rolls smallint, trace_id text,
    received_at timestamptz NOT NULL DEFAULT now())";

/// A server with the table; none if PostgreSQL is not installed.
async fn postgres() -> Option<LocalPostgres> {
    let postgres = testkit::postgres().await?;
    let made = postgres.execute("postgres", TABLE).await;
    made.expect("a table");
    Some(postgres)
}

/// Runs `reconcile` and, once all requests were sent, inserts the events that `events` derives from
/// all traces and their kinds of roll.
async fn reconcile(
    name: &str,
    postgres: &LocalPostgres,
    events: impl Fn(Vec<(String, &'static str)>) -> Vec<(String, &'static str)>,
) -> Finished {
    let hops = Hops::start(name, Loss::default()).await;
    let url = postgres.url("postgres", "postgres");
    let run = start(&arguments(
        &hops,
        &["--usage-database-url", &url, "--wait=10s"],
    ));
    let traces = eventually("the rolls", || async {
        let traces = traces(&hops);
        (traces.len() as u64 == REQUESTS).then_some(traces)
    })
    .await;
    let rows = events(traces).into_iter().map(|(trace, event_type)| {
        format!("(gen_random_uuid(), '{event_type}', now(), 'guest', '{trace}')")
    });
    let rows: Vec<String> = rows.collect();
    let columns = "(event_id, event_type, occurred_at, username, trace_id)";
    let insert = format!(
        "INSERT INTO usage_events {columns} VALUES {}",
        rows.join(",")
    );
    let inserted = postgres.execute("postgres", &insert).await;
    inserted.expect("rows");
    run.wait_with_output().await.expect("it ends").into()
}

/// Trace ids in the log, each with its expected event type.
fn traces(hops: &Hops) -> Vec<(String, &'static str)> {
    let log = std::fs::read_to_string(&hops.log).expect("a file");
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let traces = lines.map(|line| {
        let event = match line["message"].as_str() {
            Some("Roll completed") => "roll",
            _ => "roll_batch",
        };
        (line["trace_id"].as_str().expect("an id").to_owned(), event)
    });
    traces.collect::<BTreeMap<_, _>>().into_iter().collect()
}

#[tokio::test]
async fn reconcile_waits_for_one_row_per_request() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let finished = reconcile("stored", &postgres, |mut events| {
        // Other events in the same trace, and events of other traces.
        events.push((events[0].0.clone(), "page_view"));
        events.push((format!("{:032x}", 1), "roll"));
        events
    })
    .await;
    let report = finished.json();
    assert_eq!(finished.code, Some(0), "{report:#}");
    let row = row(&report, "usage-sink", ROWS);
    assert_eq!(
        (&row["expected"], &row["found"]),
        (&REQUESTS.into(), &REQUESTS.into())
    );
}

#[tokio::test]
async fn missing_and_repeated_rows_are_reported() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let finished = reconcile("stored-wrong", &postgres, |mut events| {
        events[0] = events[1].clone();
        events
    })
    .await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let report = finished.json();
    assert_eq!(lost(&report), [("usage-sink", ROWS, 1)]);
    let row = row(&report, "usage-sink", ROWS);
    let found = REQUESTS - 2;
    assert_eq!(
        (&row["found"], &row["repeated"]),
        (&found.into(), &1.into())
    );
}

#[tokio::test]
async fn an_unreadable_database_is_reported_before_requests_are_sent() {
    let hops = Hops::start("stored-nowhere", Loss::default()).await;
    let nowhere = "postgres://me:secret@127.0.0.1:1/usage";
    let finished = traffic_gen(&arguments(&hops, &["--usage-database-url", nowhere])).await;
    assert_eq!(finished.code, Some(3), "{finished:?}");
    let said = &finished.stderr;
    assert!(
        said.contains("cannot reach PostgreSQL at postgres://me@127.0.0.1:1/usage")
            && said.contains("--usage-database-url"),
        "{said}"
    );
    assert_eq!(traces(&hops).len(), 0);

    let Some(postgres) = testkit::postgres().await else {
        return;
    };
    let empty = postgres.url("postgres", "postgres");
    let finished = traffic_gen(&arguments(&hops, &["--usage-database-url", &empty])).await;
    assert_eq!(finished.code, Some(3), "{finished:?}");
    let said = &finished.stderr;
    assert!(said.contains("\"usage_events\" does not exist"), "{said}");
    assert_eq!(traces(&hops).len(), 0);
}
