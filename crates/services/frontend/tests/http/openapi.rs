//! The OpenAPI document says what the service does.

use testkit::check_openapi;

use crate::server::{alone, start};
use crate::trace::{BROKEN, COMPLETE, MISSING, SLOW, frontend};

#[tokio::test]
async fn the_document_and_the_service_agree() {
    let off = start(alone()).await;
    let long = "x".repeat(1024);
    let traced = |id: &str| format!("/api/trace/{id}");
    let examples = [
        ("/".to_owned(), 200),
        ("/api/dice".to_owned(), 200),
        ("/roll?die=fair".to_owned(), 503),
        ("/roll".to_owned(), 422),
        (format!("/roll?die={long}"), 414),
        ("/roll-async?die=fair&times=0".to_owned(), 422),
        (format!("/roll-async?die={long}"), 414),
        ("/form?die=fair".to_owned(), 303),
        ("/form".to_owned(), 422),
        (format!("/form?die={}", "x".repeat(65)), 404),
        (format!("/form?die={long}"), 414),
        ("POST /sign-in".to_owned(), 422),
        ("POST /sign-out".to_owned(), 303),
        (traced(COMPLETE), 200),
        (traced(MISSING), 404),
        (traced(BROKEN), 503),
        (traced(SLOW), 504),
        (traced("x"), 422),
        (traced("%ff"), 422),
        (format!("/api/trace/{COMPLETE}?wait={long}"), 414),
        (format!("{off}/api/trace/{COMPLETE}"), 501),
    ];
    let examples: Vec<_> = examples
        .iter()
        .map(|(path, status)| (path.as_str(), *status))
        .collect();
    check_openapi(
        &frontend().await,
        include_str!("../../src/lib.rs"),
        &examples,
    )
    .await;
}
