//! What spans cost in memory and CPU. All figures are printed on request:
//! `cargo test --release -p mini-tempo --test cost -- --ignored --nocapture`.
//!
//! This is a separate program, so that nothing else uses its memory.

mod spans;

use std::hint::black_box;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use http_body_util::BodyExt;
use mini_tempo::{Bounds, Store};
use nix::time::ClockId;
use procfs::process::Process;
use tower::ServiceExt;

const JSON: &str = "application/json";

/// The resident memory of this process, in bytes.
fn resident() -> u64 {
    let status = Process::myself().and_then(|process| process.status());
    let status = status.expect("/proc is available");
    status.vmrss.expect("a process has memory") * 1024
}

/// The CPU time of this thread.
fn cpu() -> Duration {
    let time = ClockId::CLOCK_THREAD_CPUTIME_ID.now();
    time.expect("Linux has this clock").into()
}

/// A store without bounds.
fn store() -> Store {
    Store::bounded(Bounds {
        spans: usize::MAX,
        bytes: usize::MAX,
    })
}

async fn answer(router: &Router, request: Request<Body>) -> Vec<u8> {
    let response = router.clone().oneshot(request).await.expect("infallible");
    assert!(response.status().is_success(), "{response:?}");
    let body = response.into_body().collect().await.expect("a body");
    body.to_bytes().to_vec()
}

async fn send(router: &Router, body: Vec<u8>) {
    let request = Request::post("/v1/traces").header(CONTENT_TYPE, "application/x-protobuf");
    answer(router, request.body(body.into()).expect("a request")).await;
}

/// The size of the answer, and the least CPU time of `times` requests.
async fn get(store: &Store, path: &str, accept: &str, times: u64) -> (usize, Duration) {
    let router = mini_tempo::api(store.clone());
    let request = || {
        let request = Request::get(path).header(ACCEPT, accept);
        request.body(Body::empty()).expect("a request")
    };
    let (mut size, mut least) = (0, Duration::MAX);
    for _ in 0..times {
        let before = cpu();
        size = black_box(answer(&router, request()).await).len();
        least = least.min(cpu() - before);
    }
    (size, least)
}

/// Sends requests and stores their spans; returns the store, the resident bytes that it took, and
/// the CPU time.
async fn ingest(requests: impl Iterator<Item = Vec<u8>>, spans: u64) -> (Store, u64, Duration) {
    let store = store();
    let router = mini_tempo::receiver(store.clone());
    let memory = resident();
    let mut used = Duration::ZERO;
    for body in requests {
        let before = cpu();
        send(&router, body).await;
        used += cpu() - before;
    }
    assert_eq!(store.counters().spans_stored, spans);
    (store, resident().saturating_sub(memory), used)
}

/// Many small traces are the dearest: each has its own entry.
#[tokio::test]
async fn a_span_is_small_and_a_search_does_not_read_them_all() {
    let spans = 56_000;
    let (few, ..) = ingest(spans::singles(500), 500).await;
    let (many, resident, _) = ingest(spans::singles(spans.into()), spans).await;
    let (resident, counted) = (resident / spans, many.counters().bytes_stored / spans);
    let figures = format!("{resident} B resident, {counted} B counted");
    println!("{figures}");
    assert!(resident <= 700, "{figures}");
    assert!(counted <= 700 && 10 * counted >= 9 * resident, "{figures}");

    // 112 times the spans: reading them would take some 112 times as long.
    for query in spans::QUERIES {
        let path = format!("/api/search?{}", spans::parameters(query));
        let (_, of_few) = get(&few, &path, JSON, 20).await;
        let (_, of_many) = get(&many, &path, JSON, 20).await;
        println!("{of_few:?}, {of_many:?}: {query}");
        assert!(of_many < 20 * of_few, "{of_few:?}, {of_many:?}: {query}");
    }
}

#[tokio::test]
#[ignore = "it prints figures, and they mean something in a release build only: the job `bench` of CI runs it"]
async fn figures() {
    let rolls = spans::rolls(28_572);
    let singles = spans::singles(200_000);
    let large = spans::large(1_000);
    searches("seven spans a trace", rolls, 200_004).await;
    searches("one span a trace", singles, 200_000).await;
    let large = show("a trace of 1,000 spans", large, 1_000).await;
    let id = large.traces()[0].id();
    for accept in [JSON, "application/protobuf"] {
        for path in ["/api/traces", "/api/v2/traces"] {
            let (size, least) = get(&large, &format!("{path}/{id}"), accept, 100).await;
            println!("{least:9.1?}, {size:6} B: {path} as {accept}");
        }
    }
}

async fn searches(what: &str, requests: impl Iterator<Item = Vec<u8>>, spans: u64) {
    let store = show(what, requests, spans).await;
    for query in spans::QUERIES.into_iter().chain(spans::READ_MANY) {
        let path = format!("/api/search?{}", spans::parameters(query));
        let (size, least) = get(&store, &path, JSON, 20).await;
        println!("{least:9.1?}, {size:6} B: {query}");
    }
}

/// Sends requests; prints CPU and memory for each span.
async fn show(what: &str, requests: impl Iterator<Item = Vec<u8>>, spans: u64) -> Store {
    let (store, resident, used) = ingest(requests, spans).await;
    println!(
        "{what}: {spans} spans, {} B/span resident, {} B/span counted, {} ns/span",
        resident / spans,
        store.counters().bytes_stored / spans,
        used.as_nanos() / u128::from(spans),
    );
    store
}
