//! Rolls do not wait for each other: not in a batch, and not for other clients.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::task::JoinSet;

use crate::support::System;

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_twenty_takes_one_slowest_roll_while_a_hundred_others_roll() {
    let system = System::start(&[]).await;
    // One for all: making a hundred of them takes longer than what is measured.
    let client = reqwest::Client::new();
    let single = client.get(system.frontend.url("/roll?die=fair"));
    let others: JoinSet<u16> = (0..100)
        .map(|_| single.try_clone().expect("it has no body"))
        .map(|roll| async move { roll.send().await.expect("an answer").status().as_u16() })
        .collect();
    let batch = client.get(system.frontend.url("/roll-async?die=fair&times=20"));
    let start = Instant::now();
    let answer = batch.send().await.expect("an answer");
    let status = answer.status();
    let answer: Value = answer.json().await.expect("JSON");
    let took = start.elapsed();
    assert_eq!(status, 200, "{answer}");
    let statuses = others.join_all().await;
    let all = start.elapsed();
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let trace = system
        .trace(answer["trace_id"].as_str().expect("an id"), 27)
        .await;
    let spans = trace.spans().iter();
    let slowest = spans
        .filter(|span| span.name().starts_with("async_roll_"))
        .map(|span| Duration::from_nanos(span.duration_nanos()))
        .max()
        .expect("twenty rolls");
    // Twenty rolls one after the other take 10 s, a hundred and twenty a minute.
    assert!(
        took < slowest + Duration::from_secs(1),
        "{took:?}, slowest roll {slowest:?}"
    );
    assert!(all < Duration::from_secs(5), "{all:?} for 100 clients");
}
