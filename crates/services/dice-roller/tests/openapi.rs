//! The OpenAPI document says what the service does.

use std::future::pending;
use std::time::Duration;

use dice_roller::{Config, run};
use testkit::check_openapi;
use tokio::net::TcpListener;

#[tokio::test]
async fn the_document_and_the_service_agree() {
    let base = start(None).await;
    let away = start(Some("http://127.0.0.1:1")).await;
    // It takes connections and never answers.
    let (_listener, silent) = listen().await;
    let slow = start(Some(&silent)).await;
    let long = "x".repeat(1024);
    let examples = [
        ("/".to_owned(), 200),
        ("/roll?die=fair".to_owned(), 200),
        ("/roll?die=loaded".to_owned(), 404),
        ("/roll".to_owned(), 422),
        (format!("/roll?die={long}"), 414),
        (format!("{away}/roll?die=fair"), 503),
        (format!("{slow}/roll?die=fair"), 504),
        ("/roll-async?die=fair&times=5".to_owned(), 200),
        ("/roll-async?die=loaded&times=5".to_owned(), 404),
        ("/roll-async?die=fair&times=21".to_owned(), 422),
        (format!("/roll-async?die={long}"), 414),
        (format!("{away}/roll-async?die=fair&times=5"), 503),
        (format!("{slow}/roll-async?die=fair&times=5"), 504),
    ];
    let examples: Vec<_> = examples
        .iter()
        .map(|(path, status)| (path.as_str(), *status))
        .collect();
    check_openapi(&base, &examples, "").await;
}

/// The URL of a dice-roller with that die-service, for which it waits a moment.
async fn start(die_service: Option<&str>) -> String {
    let (listener, url) = listen().await;
    let config = Config {
        die_service_url: die_service.map(|url| url.parse().expect("a URL")),
        die_service_timeout: Duration::from_millis(200),
        roll_delay: Duration::ZERO,
        faults_memory_limit: 200,
        limits: telemetry::http::Limits::default(),
    };
    tokio::spawn(run(
        config,
        listener,
        telemetry::Losses::default(),
        pending(),
    ));
    url
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    (listener, url)
}
