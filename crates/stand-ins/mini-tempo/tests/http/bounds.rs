//! The store under load: its bound, and exact counts with many concurrent senders.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use mini_tempo::Rejection;

use crate::server::Server;
use crate::spans::{batch, span};

/// A request with spans 1..=`spans` of a trace.
fn trace(id: u128, spans: u64) -> Vec<opentelemetry_proto::tonic::trace::v1::ResourceSpans> {
    let spans = (1..=spans).map(|n| span(id, n, n - 1, "work")).collect();
    vec![batch("frontend", spans)]
}

fn stored(server: &Server) -> Vec<String> {
    let traces = server.store.traces();
    traces
        .iter()
        .map(|trace| {
            format!(
                "{:x}",
                u128::from_str_radix(&trace.id().to_string(), 16).expect("hex")
            )
        })
        .collect()
}

#[tokio::test]
async fn whole_traces_are_evicted_oldest_first() {
    let server = Server::start(10).await;
    for id in 1..=3 {
        server.export(trace(id, 3)).await;
    }
    // Trace 1 grows but stays the oldest, because its first span arrived first.
    server
        .export(vec![batch("frontend", vec![span(1, 4, 3, "more")])])
        .await;
    assert_eq!(stored(&server), ["1", "2", "3"]);
    assert_eq!(server.store.counters().spans_stored, 10);
    server.export(trace(4, 1)).await;
    assert_eq!(stored(&server), ["2", "3", "4"]);
    let counters = server.store.counters();
    assert_eq!((counters.spans_stored, counters.spans_evicted), (7, 4));
    assert_eq!((counters.traces_stored, counters.traces_evicted), (3, 1));
    assert_eq!(counters.spans_received, 11);
}

#[tokio::test]
async fn an_evicted_trace_cannot_be_read_or_found() {
    let server = Server::start(3).await;
    server.export(trace(1, 2)).await;
    server.export(trace(2, 2)).await;
    let (status, _) = server.get("/api/traces/1", &[]).await;
    assert_eq!(status, reqwest::StatusCode::NOT_FOUND);
    assert_eq!(server.search(&[("q", "{}")]).await, ["2"]);
}

#[tokio::test]
async fn a_request_with_more_than_fits_is_a_partial_success() {
    let server = Server::start(5).await;
    server.export(trace(1, 2)).await;
    let response = server.export(trace(2, 6)).await;
    let partial = response.partial_success.expect("one span too many");
    assert_eq!(partial.rejected_spans, 1);
    assert!(partial.error_message.contains("room"), "{partial:?}");
    let counters = server.store.counters();
    assert_eq!((counters.spans_stored, counters.spans_evicted), (5, 2));
    assert_eq!(counters.spans_rejected, 1);
    assert_eq!(counters.rejections.count(Rejection::NoRoom), 1);
    assert_eq!(stored(&server), ["2"]);
}

#[tokio::test]
async fn service_names_are_bounded_and_every_span_is_counted() {
    let server = Server::start(10_000).await;
    let services = mini_tempo::MAX_SERVICES as u64 + 10;
    let batches =
        (1..=services).map(|n| batch(&format!("service-{n}"), vec![span(1, n, 0, "work")]));
    server.export(batches.collect()).await;
    let counted = server.store.counters().received_by_service;
    assert_eq!(counted.len(), mini_tempo::MAX_SERVICES + 1);
    assert_eq!(counted[mini_tempo::OTHER_SERVICES], 10);
    assert_eq!(counted.values().sum::<u64>(), services);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_senders_and_a_reader_lose_and_duplicate_no_spans() {
    const SENDERS: u64 = 16;
    const REQUESTS: u64 = 50;
    const TRACES: u64 = 20;
    let server = Server::start(1_000_000).await;
    // Every request has one span of each trace, so all senders write to all traces.
    let send = async |sender: u64| {
        for request in 0..REQUESTS {
            let id = sender * REQUESTS + request + 1;
            let spans = (1..=TRACES)
                .map(|trace| span(trace.into(), id, 0, "work"))
                .collect();
            server
                .export(vec![batch(&format!("service-{}", sender % 4), spans)])
                .await;
        }
    };
    let senders = (0..SENDERS).map(send);
    let read = async {
        loop {
            let found = server
                .json("/api/search", &[("q", "{ name = \"work\" }")])
                .await;
            let traces = found["traces"].as_array().expect("traces").iter();
            let matched =
                traces.map(|trace| trace["spanSets"][0]["matched"].as_u64().expect("a count"));
            // A request's spans become visible together: all traces have the same number of spans.
            let matched: BTreeSet<_> = matched.collect();
            assert!(matched.len() <= 1, "{matched:?}");
        }
    };
    tokio::select! {
        _ = join_all(senders) => {}
        () = read => {}
    }

    let counters = server.store.counters();
    let sent = SENDERS * REQUESTS * TRACES;
    assert_eq!(
        (counters.spans_received, counters.spans_stored),
        (sent, sent)
    );
    assert_eq!(counters.traces_stored, TRACES);
    let by_service: Vec<_> = counters.received_by_service.into_values().collect();
    assert_eq!(by_service, [sent / 4; 4]);
    for trace in server.store.traces() {
        let ids: BTreeSet<_> = trace.spans().iter().map(|span| span.id()).collect();
        assert_eq!(ids.len() as u64, SENDERS * REQUESTS);
    }
}
