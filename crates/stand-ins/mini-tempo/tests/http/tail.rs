//! Tail sampling in front of the store, and the usage tracker.

use std::time::Duration;

use mini_tempo::{Bounds, Store, TailSampling};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use prost::Message;
use signals::exposition::Exposition;

use crate::server::Server;
use crate::spans::{MS, START, batch, roll, span};

/// Decides at once, and keeps this share of the traces that are neither slow nor failed.
async fn sampled(share: f64) -> Server {
    let sampling = TailSampling {
        wait: Duration::ZERO,
        slow: Duration::from_secs(1),
        share,
    };
    Server::serve(Store::sampled(Bounds::default(), sampling)).await
}

fn slow(trace: u128) -> Span {
    Span {
        end_time_unix_nano: START + 1000 * MS,
        ..span(trace, 1, 0, "slow")
    }
}

fn failed(trace: u128) -> Span {
    Span {
        status: Some(Status {
            code: StatusCode::Error.into(),
            ..Status::default()
        }),
        ..span(trace, 1, 0, "failed")
    }
}

#[tokio::test]
async fn failed_and_slow_traces_are_kept_and_others_dropped_as_a_whole() {
    let server = sampled(0.0).await;
    let fast = vec![span(1, 1, 0, "fast"), span(1, 2, 1, "fast")];
    for spans in [fast, vec![slow(2)], vec![failed(3)]] {
        server.export(vec![batch("frontend", spans)]).await;
    }
    let mut found = server.search(&[("q", "{}")]).await;
    found.sort();
    assert_eq!(found, ["2", "3"]);
    let counters = server.store.counters();
    assert_eq!(counters.spans_received, 4);
    assert_eq!((counters.spans_stored, counters.spans_sampled_out), (2, 2));
    assert_eq!(
        (counters.traces_stored, counters.traces_sampled_out),
        (2, 1)
    );
    assert_eq!(counters.traces_evicted, 0);
}

#[tokio::test]
async fn a_share_of_the_others_is_kept() {
    let server = sampled(0.25).await;
    for number in 1..=16_u128 {
        let id = number << 60 | 1;
        server
            .export(vec![batch("frontend", vec![span(id, 1, 0, "fast")])])
            .await;
    }
    // The last eight bytes of the ids are spread evenly.
    assert_eq!(server.store.counters().traces_stored, 4);
}

#[tokio::test]
async fn metrics_of_spans_differ_before_and_after() {
    let server = sampled(0.0).await;
    for spans in [vec![span(1, 1, 0, "fast")], vec![failed(2)]] {
        server.export(vec![batch("frontend", spans)]).await;
    }
    let metrics = server.exposition("/metrics").await;
    let calls = |sampling, status| {
        let labels = [("sampling", sampling), ("status_code", status)];
        metrics.sum("mini_tempo_calls_total", &labels)
    };
    assert_eq!(calls("before", "unset"), Some(1.0));
    assert_eq!(calls("after", "unset"), Some(0.0));
    assert_eq!(calls("before", "error"), Some(1.0));
    assert_eq!(calls("after", "error"), Some(1.0));
}

#[tokio::test]
async fn bytes_are_counted_by_service_as_tempo_does() {
    let server = Server::start(10).await;
    let batches = roll(1);
    let sizes: Vec<f64> = batches.iter().map(|it| it.encoded_len() as f64).collect();
    server.export(batches).await;
    server
        .export(vec![batch("a \"quoted\" name", vec![span(2, 1, 0, "x")])])
        .await;
    let usage = server.exposition("/usage_metrics").await;
    let bytes = |service| {
        let labels = [("service", service), ("tracker", "cost-attribution")];
        usage.sum("tempo_usage_tracker_bytes_received_total", &labels)
    };
    for (service, size) in ["frontend", "dice-roller", "die-service"].iter().zip(sizes) {
        assert_eq!(bytes(service), Some(size), "{service}");
    }
    assert!(bytes("a \"quoted\" name") > Some(0.0));
}

impl Server {
    async fn exposition(&self, path: &str) -> Exposition {
        let (status, text) = self.get(path, &[]).await;
        assert_eq!(status, 200, "{path}");
        text.parse().expect("the text format")
    }
}
