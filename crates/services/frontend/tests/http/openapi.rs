//! The OpenAPI document agrees with the service.

use std::future::pending;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use testkit::{Process, check_openapi};
use tokio::net::TcpListener;

use crate::server::{alone, stand_in, start};
use crate::trace::{BROKEN, COMPLETE, MISSING, SLOW, frontend, trace};

#[tokio::test]
async fn the_document_and_the_service_agree() {
    let complete = complete().await;
    let alone = start(alone()).await;
    let neighbours = frontend().await;
    let traced = |id: &str| format!("{neighbours}/api/trace/{id}");
    let long = "x".repeat(1024);
    let examples = [
        ("/".to_owned(), 200),
        ("/api/dice".to_owned(), 200),
        ("/roll?die=fair".to_owned(), 200),
        ("/roll?die=loaded".to_owned(), 404),
        (format!("{alone}/roll?die=fair"), 503),
        ("/roll".to_owned(), 422),
        (format!("/roll?die={long}"), 414),
        ("/roll-async?die=fair&times=5".to_owned(), 200),
        ("/roll-async?die=fair&times=0".to_owned(), 422),
        (format!("/roll-async?die={long}"), 414),
        ("/form?die=fair&async=on&times=5".to_owned(), 303),
        ("/form".to_owned(), 422),
        (format!("/form?die={}", "x".repeat(65)), 404),
        (format!("/form?die={long}"), 414),
        ("POST /sign-in".to_owned(), 422),
        ("POST /sign-out".to_owned(), 303),
        (traced(&format!("{COMPLETE}?wait=0")), 200),
        (traced(MISSING), 404),
        (traced(BROKEN), 503),
        (traced(SLOW), 504),
        (traced("x"), 422),
        (traced("%ff"), 422),
        (traced(&format!("{COMPLETE}?wait={long}")), 414),
        (format!("{alone}/api/trace/{COMPLETE}"), 501),
    ];
    let examples: Vec<_> = examples
        .iter()
        .map(|(path, status)| (path.as_str(), *status))
        .collect();
    check_openapi(&complete.url(""), &examples, "").await;
}

/// A frontend with a dice-roller, and with a trace store that has every trace.
async fn complete() -> Process {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let roller = format!("http://{}", listener.local_addr().expect("bound"));
    let config = dice_roller::Config {
        die_service_url: None,
        die_service_timeout: Duration::from_secs(1),
        roll_delay: Duration::ZERO,
        faults_memory_limit: 200,
        limits: telemetry::http::Limits::default(),
    };
    tokio::spawn(dice_roller::run(
        config,
        listener,
        telemetry::Losses::default(),
        pending(),
    ));
    let answer = get(|| async { trace(true) });
    let store = stand_in(Router::new().route("/api/v2/traces/{id}", answer)).await;
    let (roller, store) = (
        format!("--dice-roller-url={roller}"),
        format!("--trace-query-url={store}"),
    );
    // Spans are made, so that answers have a trace id, but not exported.
    let flags = ["--listen=127.0.0.1:0", "--otlp-endpoint=http://127.0.0.1:1"];
    let flags = [&flags[..], &[&roller, &store]].concat();
    Process::start(env!("CARGO_BIN_EXE_frontend"), &flags).await
}
