use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::Value;
use signals::exposition::Exposition;
use signals::{AskError, Reader};
use tokio::net::TcpListener;
use url::Url;

use crate::{TIMEOUT, serve};

#[tokio::test]
async fn a_base_path_is_kept_and_its_query_is_not() {
    let app = Router::new().route(
        "/below/there",
        get(|uri: axum::http::Uri| async move { uri.to_string() }),
    );
    let mut base = serve(app).await;
    base.set_query(Some("secret=1"));
    let reader = Reader::new(base, TIMEOUT);
    let seen = reader.get("/there", &[("q", "a b&c")]).text().await;
    assert_eq!(seen.expect("an answer"), "/below/there?q=a+b%26c");
}

#[tokio::test]
async fn a_status_error_includes_the_text_of_the_answer() {
    let app = Router::new()
        .route(
            "/below/problem",
            get(|| async { (StatusCode::NOT_FOUND, "{\"detail\":\"no such die\"}") }),
        )
        .route(
            "/below/long",
            get(|| async { (StatusCode::BAD_GATEWAY, "ö".repeat(100_000)) }),
        )
        .route(
            "/below/empty",
            get(|| async { StatusCode::SERVICE_UNAVAILABLE }),
        );
    let reader = Reader::new(serve(app).await, TIMEOUT);

    let problem = reader
        .get("/problem", &[("q", "1")])
        .text()
        .await
        .expect_err("404");
    assert!(
        problem
            .to_string()
            .ends_with("/below/problem answered 404 Not Found: no such die"),
        "{problem}"
    );
    assert!(
        AskError::found::<()>(Err(problem))
            .expect("a 404 is an answer")
            .is_none()
    );

    let long = reader
        .get("/long", &[])
        .text()
        .await
        .expect_err("502")
        .to_string();
    assert!(
        long.contains("502 Bad Gateway: öö") && long.len() < 300,
        "{long}"
    );

    let empty = reader.get("/empty", &[]).text().await.expect_err("503");
    assert!(
        empty
            .to_string()
            .ends_with("answered 503 Service Unavailable"),
        "{empty}"
    );
    AskError::found::<()>(Err(empty)).expect_err("a 503 says nothing about what is there");
}

#[tokio::test]
async fn no_server_and_a_slow_one_are_distinguished_without_showing_a_password() {
    let port = free_port::free_port().expect("a free port");
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .expect("still free");
    let url = Url::parse(&format!("http://user:secret@127.0.0.1:{port}/x")).expect("a URL");
    let slow = Reader::new(url.clone(), Duration::from_millis(50));
    let error = slow
        .get("/", &[])
        .bytes()
        .await
        .expect_err("nothing answers");
    assert!(matches!(error, AskError::Slow { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        format!("http://127.0.0.1:{port} did not answer within 50ms")
    );

    drop(listener);
    let error = Reader::new(url, TIMEOUT)
        .get("/", &[])
        .bytes()
        .await
        .expect_err("nothing listens");
    assert!(matches!(error, AskError::Unreachable { .. }), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("Connection refused") && !text.contains("secret"),
        "{text}"
    );
}

#[tokio::test]
async fn another_kind_of_answer_is_unreadable() {
    let app = Router::new().fallback(|| async { "<html>" });
    let reader = Reader::new(serve(app).await, TIMEOUT);
    let error = reader
        .get("/json", &[])
        .json::<Value>()
        .await
        .expect_err("no JSON");
    assert!(matches!(error, AskError::Unreadable { .. }), "{error:?}");
    let error = Exposition::scrape(&reader).await.expect_err("no samples");
    assert!(
        error.to_string().contains("line 1 is not a sample"),
        "{error}"
    );
}
