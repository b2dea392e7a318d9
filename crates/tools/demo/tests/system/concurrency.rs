//! Rolls do not wait for each other: not in a batch, and not for other clients.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mini_tempo::Trace;
use serde_json::Value;
use testkit::eventually;
use tokio::task::JoinSet;

use crate::support::System;

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_twenty_takes_one_slowest_roll_while_a_hundred_others_roll() {
    let system = System::start(&[]).await;
    // One client for all: creating a hundred would take longer than the measurement.
    let client = testkit::client();
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
    let alone = total(&trace, "async_roll_");
    // A fifth on an idle machine; a busy machine makes both longer.
    assert!(took < alone / 2, "{took:?}, one after the other {alone:?}");
    let traces = eventually("a hundred other traces", || async {
        let whole = |trace: &Arc<Trace>| trace.spans().len() >= 7;
        let traces: Vec<_> = system.store.traces().into_iter().filter(whole).collect();
        (traces.len() == 101).then_some(traces)
    })
    .await;
    let alone: Duration = traces.iter().map(|trace| total(trace, "roll")).sum();
    assert!(all < alone / 4, "{all:?}, one after the other {alone:?}");
}

/// The total duration of the spans whose names begin with `name`.
fn total(trace: &Trace, name: &str) -> Duration {
    let spans = trace.spans().iter();
    let named = spans.filter(|span| span.name().starts_with(name));
    named
        .map(|span| Duration::from_nanos(span.duration_nanos()))
        .sum()
}
