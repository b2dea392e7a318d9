//! Ten thousand events while services on their path are killed or stopped: each event is stored
//! once.

use std::time::Duration;

use local_postgres::LocalPostgres;
use mini_alloy::{Counters, Handle, Pipeline, Route, Settings};
use nix::sys::signal::Signal;
use serde_json::json;
use testkit::{Process, eventually, postgres};

use crate::support::{count, event_id, line, select, start, start_ready};

const EVENTS: u128 = 10_000;

/// Concurrent readers of log lines, one for each of several containers.
const READERS: u128 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_events_survive_kills_and_outages_once_each() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let mut sink = start_ready(&postgres, &[]).await;
    let pipeline = Pipeline::start(Settings {
        // Small enough for readers to wait, and for each disturbance to occur in the middle.
        queue_size: 1_000,
        batch_size: 50,
        batch_delay: Duration::from_millis(20),
        min_pause: Duration::from_millis(20),
        max_pause: Duration::from_millis(100),
        ..Settings::new(sink.url("/v1/logs").parse().expect("a URL"))
    });
    let readers = (0..READERS).map(|reader| tokio::spawn(read(pipeline.handle(), reader)));
    let readers: Vec<_> = readers.collect();

    until_sent(&pipeline, 1_000).await;
    sink = kill_and_restart(sink, &postgres).await;
    until_sent(&pipeline, 3_000).await;
    postgres.stop().await.expect("it ran");
    eventually("a delivery to fail", || async {
        (!sink.lines_with("Database query failed").is_empty()).then_some(())
    })
    .await;
    postgres.start_again().await.expect("it starts");
    until_sent(&pipeline, 5_000).await;
    postgres.stop().await.expect("it ran");
    sink = kill_and_restart(sink, &postgres).await;
    postgres.start_again().await.expect("it starts");
    until_sent(&pipeline, 7_000).await;
    sink = kill_and_restart(sink, &postgres).await;

    let mut operational = Vec::new();
    for reader in readers {
        operational.extend(reader.await.expect("no panic"));
    }
    let counters = pipeline.stop(testkit::DEADLINE).await;
    let all_sent = Counters {
        sent: EVENTS as u64,
        ..Counters::default()
    };
    assert_eq!(counters, all_sent);
    assert_eq!(count(&postgres).await, EVENTS.to_string());
    let ids = "SELECT count(DISTINCT event_id), min(event_id::text), max(event_id::text) FROM usage_events";
    let expected = format!("{EVENTS}|{}|{}", event_id(0), event_id(EVENTS - 1));
    assert_eq!(select(&postgres, ids).await, expected);
    assert_eq!(operational.len() as u128, EVENTS);
    assert!(operational.iter().all(|line| !line.contains("usage")));
    let (_, lines) = sink.terminate().await;
    assert!(lines.iter().all(|line| line.get("usage").is_none()));
}

/// Submits usage lines and other lines alternately, and returns those that were not usage lines.
async fn read(handle: Handle, reader: u128) -> Vec<String> {
    let mut operational = Vec::new();
    for number in (reader..EVENTS).step_by(READERS as usize) {
        let other = json!({ "message": "Roll completed", "number": number.to_string() });
        for line in [line("roll", number), other] {
            let line = line.to_string();
            if handle.line(line.as_bytes()).await == Route::Operational {
                operational.push(line);
            }
        }
    }
    operational
}

/// Waits until it is time for the next disturbance, while there are events left to send.
async fn until_sent(pipeline: &Pipeline, count: u64) {
    let sent = eventually("events to be sent", || async {
        let sent = pipeline.counters().sent;
        (sent >= count).then_some(sent)
    })
    .await;
    assert!(u128::from(sent) < EVENTS, "all events were already sent");
}

/// Kills the sink with signal 9 and starts it on the same port, whether or not its database runs.
async fn kill_and_restart(sink: Process, postgres: &LocalPostgres) -> Process {
    let listen = format!("--listen={}", sink.address);
    sink.signal(Signal::SIGKILL);
    sink.ended().await;
    start(postgres, &[&listen]).await
}
