//! Batches, retries, back-pressure and shutdown.

use std::time::{Duration, Instant};

use mini_alloy::{Counters, Handle, Pipeline, Settings};
use testkit::eventually;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::sink::Sink;
use crate::{BOUND, settings, usage_line};

async fn submit(handle: &Handle, count: usize) {
    for number in 0..count {
        handle.line(&usage_line(number)).await;
    }
}

async fn until_sent(pipeline: &Pipeline, count: u64) {
    eventually("lines to be sent", async || {
        (pipeline.counters().sent == count).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_full_batch_is_sent_at_once() {
    let sink = Sink::start().await;
    let pipeline = Pipeline::start(Settings {
        batch_delay: BOUND * 10,
        ..settings(sink.url())
    });
    submit(&pipeline.handle(), 1_200).await;
    until_sent(&pipeline, 1_000).await;
    assert_eq!(pipeline.counters().waiting, 200);
    pipeline.stop(BOUND).await;
    let sizes: Vec<_> = sink.requests().iter().map(|r| r.records().len()).collect();
    assert_eq!(sizes, [500, 500, 200]);
}

#[tokio::test]
async fn an_incomplete_batch_is_sent_after_the_delay() {
    let sink = Sink::start().await;
    let delay = Duration::from_millis(300);
    let pipeline = Pipeline::start(Settings {
        batch_delay: delay,
        ..settings(sink.url())
    });
    let start = Instant::now();
    submit(&pipeline.handle(), 3).await;
    until_sent(&pipeline, 3).await;
    assert!(start.elapsed() >= delay, "{:?}", start.elapsed());
    assert_eq!(sink.requests().len(), 1);
}

#[tokio::test]
async fn temporary_failures_are_retried_until_they_succeed() {
    let sink = Sink::start().await;
    sink.answer(&[503, 429, 502, 504, 503]);
    let pipeline = Pipeline::start(settings(sink.url()));
    submit(&pipeline.handle(), 3).await;
    until_sent(&pipeline, 3).await;
    let counters = pipeline.stop(BOUND).await;
    assert_eq!(
        counters,
        Counters {
            sent: 3,
            ..Counters::default()
        }
    );
    let requests = sink.requests();
    let statuses: Vec<_> = requests.iter().map(|request| request.status).collect();
    assert_eq!(statuses[..6], [503, 429, 502, 504, 503, 200]);
    assert!(
        requests[..6]
            .iter()
            .all(|request| request.body == requests[0].body)
    );
}

#[tokio::test]
async fn an_unreachable_sink_is_retried() {
    let address = testkit::free_address();
    let url = format!("http://{address}/v1/logs").parse().expect("a URL");
    let pipeline = Pipeline::start(settings(url));
    submit(&pipeline.handle(), 5).await;
    assert_eq!(pipeline.counters().waiting, 5);
    let sink = Sink::on(TcpListener::bind(address).await.expect("still free"));
    until_sent(&pipeline, 5).await;
    assert_eq!(sink.lines().len(), 5);
}

#[tokio::test]
async fn a_rejected_batch_is_dropped_and_the_next_is_sent() {
    for status in [400, 401, 413, 415, 500] {
        let sink = Sink::start().await;
        sink.answer(&[status]);
        let pipeline = Pipeline::start(settings(sink.url()));
        submit(&pipeline.handle(), 1).await;
        eventually("the rejection", async || {
            (pipeline.counters().dropped == 1).then_some(())
        })
        .await;
        submit(&pipeline.handle(), 2).await;
        let counters = pipeline.stop(BOUND).await;
        assert_eq!((counters.sent, counters.dropped), (2, 1), "{status}");
        assert_eq!(sink.lines().len(), 2, "{status}");
    }
}

#[tokio::test]
async fn a_full_queue_blocks_usage_lines_and_loses_none() {
    let sink = Sink::start().await;
    sink.always(Some(503));
    let pipeline = Pipeline::start(Settings {
        queue_size: 10,
        batch_size: 5,
        ..settings(sink.url())
    });
    let handle = pipeline.handle();
    let submitting = tokio::spawn(async move { submit(&handle, 40).await });
    eventually("a full queue", async || {
        (pipeline.counters().waiting == 15).then_some(())
    })
    .await;
    let handle = pipeline.handle();
    let held_up = timeout(Duration::from_millis(50), handle.line(&usage_line(0))).await;
    assert!(held_up.is_err(), "the queue is bounded");
    assert!(!submitting.is_finished());
    let other = handle.line(br#"{"message":"Roll completed"}"#);
    timeout(BOUND, other)
        .await
        .expect("operational lines do not wait");

    sink.always(None);
    until_sent(&pipeline, 40).await;
    submitting.await.expect("no panic");
    assert_eq!(sink.lines().len(), 40);
}

#[tokio::test]
async fn stopping_flushes_within_the_bound() {
    let sink = Sink::start().await;
    let slow = Settings {
        batch_delay: BOUND * 10,
        ..settings(sink.url())
    };
    let pipeline = Pipeline::start(slow.clone());
    submit(&pipeline.handle(), 7).await;
    let counters = timeout(BOUND, pipeline.stop(BOUND))
        .await
        .expect("it does not wait for the batch to fill");
    assert_eq!(counters.sent, 7);

    sink.always(Some(503));
    let pipeline = Pipeline::start(slow);
    let handle = pipeline.handle();
    submit(&handle, 7).await;
    let counters = pipeline.stop(Duration::from_millis(100)).await;
    let lost = Counters {
        dropped: 7,
        ..Counters::default()
    };
    assert_eq!(counters, lost);
    submit(&handle, 1).await;
    assert_eq!(handle.counters(), Counters { dropped: 8, ..lost });
}

/// A usage line of this many bytes.
fn line_of(bytes: usize) -> Vec<u8> {
    let empty = r#"{"usage":true,"text":""}"#;
    let text = "t".repeat(bytes - empty.len());
    format!(r#"{{"usage":true,"text":"{text}"}}"#).into_bytes()
}

#[tokio::test]
async fn the_queue_is_bounded_in_bytes_even_with_a_batch_in_flight() {
    let sink = Sink::start().await;
    sink.always(Some(503));
    let pipeline = Pipeline::start(Settings {
        queue_bytes: 100_000,
        ..settings(sink.url())
    });
    let handle = pipeline.handle();
    let submitting = tokio::spawn(async move {
        for _ in 0..40 {
            handle.line(&line_of(10_000)).await;
        }
    });
    eventually("a full queue", async || {
        (pipeline.counters().waiting == 10).then_some(())
    })
    .await;
    assert_eq!(pipeline.counters().waiting_bytes, 100_000);
    let handle = pipeline.handle();
    let held_up = timeout(Duration::from_millis(50), handle.line(&line_of(10_000))).await;
    assert!(held_up.is_err(), "the queue is bounded");

    sink.always(None);
    until_sent(&pipeline, 40).await;
    submitting.await.expect("no panic");
    let counters = pipeline.stop(BOUND).await;
    assert_eq!((counters.waiting_bytes, counters.dropped), (0, 0));
    assert_eq!(sink.lines().len(), 40);
}

#[tokio::test]
async fn a_line_that_is_too_long_is_dropped_and_counted() {
    let sink = Sink::start().await;
    let pipeline = Pipeline::start(settings(sink.url()));
    let handle = pipeline.handle();
    let longest = Settings::new(sink.url()).line_bytes;
    handle.line(&line_of(longest + 1)).await;
    handle.line(&line_of(longest)).await;
    let counters = pipeline.stop(BOUND).await;
    assert_eq!((counters.sent, counters.dropped), (1, 1));
    assert_eq!(sink.lines()[0].len(), longest);
}

#[tokio::test]
async fn a_line_larger_than_the_queue_waits_until_it_is_alone() {
    let sink = Sink::start().await;
    let pipeline = Pipeline::start(Settings {
        queue_bytes: 1_000,
        ..settings(sink.url())
    });
    let handle = pipeline.handle();
    for bytes in [500, 5_000, 500] {
        timeout(BOUND, handle.line(&line_of(bytes)))
            .await
            .expect("room after the queue is empty");
    }
    let counters = pipeline.stop(BOUND).await;
    assert_eq!(counters.sent, 3);
}

#[tokio::test]
async fn a_batch_is_bounded_in_bytes() {
    let sink = Sink::start().await;
    let pipeline = Pipeline::start(Settings {
        batch_bytes: 25_000,
        batch_delay: BOUND * 10,
        ..settings(sink.url())
    });
    let handle = pipeline.handle();
    for bytes in [10_000, 10_000, 10_000, 40_000, 10_000] {
        handle.line(&line_of(bytes)).await;
    }
    pipeline.stop(BOUND).await;
    let sizes: Vec<_> = sink.requests().iter().map(|r| r.records().len()).collect();
    assert_eq!(sizes, [2, 1, 1, 1]);
}
