//! The program itself: its answers with telemetry on, and that no client delays its shutdown.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use testkit::{Process, get as fetch};
use tokio::sync::Notify;

use crate::server::stand_in;

async fn start(arguments: &[&str]) -> Process {
    let arguments = [&["--listen", "127.0.0.1:0"], arguments].concat();
    Process::start(env!("CARGO_BIN_EXE_frontend"), &arguments).await
}

#[tokio::test]
async fn the_list_of_dice_names_its_trace() {
    let (status, body) = fetch(&start(&[]).await.url("/api/dice")).await;
    assert_eq!(status, 200);
    assert_eq!(body["dice"].as_array().map(Vec::len), Some(3), "{body}");
    let id = body["trace_id"].as_str().expect("a trace id");
    assert!(id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit()));
}

/// A trace store that has no trace, or does not answer, and a signal that it was queried.
async fn store(silent: bool) -> (String, Arc<Notify>) {
    let asked = Arc::new(Notify::new());
    let tell = Arc::clone(&asked);
    let answer = move || async move {
        tell.notify_one();
        match silent {
            true => pending().await,
            false => StatusCode::NOT_FOUND,
        }
    };
    let store = stand_in(Router::new().route("/api/v2/traces/{id}", get(answer))).await;
    (store.to_string(), asked)
}

#[tokio::test]
async fn a_pending_trace_request_does_not_delay_shutdown() {
    for silent in [false, true] {
        let (store, asked) = store(silent).await;
        let frontend = start(&["--trace-query-url", &store]).await;
        let url = frontend.url(&format!("/api/trace/{}?wait=5", "a".repeat(32)));
        let waiting = tokio::spawn(async move { fetch(&url).await });
        asked.notified().await;
        let told = Instant::now();
        let (status, lines) = frontend.terminate().await;
        let took = told.elapsed();
        assert!(status.success(), "{lines:?}");
        // The client would wait for 5 s.
        assert!(took < Duration::from_secs(4), "{took:?}: {lines:?}");
        let (status, body) = waiting.await.expect("an answer");
        assert_eq!(status, 404, "{body}");
    }
}
