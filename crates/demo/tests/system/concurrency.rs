//! Rolls do not wait for each other: not in a batch, and not for other clients.

use std::time::{Duration, Instant};

use testkit::get;
use tokio::task::JoinSet;

use crate::support::System;

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_twenty_takes_one_slowest_roll_while_a_hundred_others_roll() {
    let system = System::start(&[]).await;
    let single = system.frontend.url("/roll?die=fair");
    let others: JoinSet<u16> = (0..100)
        .map(|_| single.clone())
        .map(|url| async move { get(&url).await.0 })
        .collect();
    let start = Instant::now();
    let (status, answer) = get(&system.frontend.url("/roll-async?die=fair&times=20")).await;
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
