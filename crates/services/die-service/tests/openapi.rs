//! The OpenAPI document says what the service does.

use std::future::pending;

use die_service::{Config, run};
use testkit::check_openapi;
use tokio::net::TcpListener;

#[tokio::test]
async fn the_document_and_the_service_agree() {
    let base = start(Config::default()).await;
    let mut config = Config::default();
    let nowhere = "postgres://nobody@127.0.0.1:1/nothing".parse();
    config.database.database_url = Some(nowhere.expect("a URL"));
    let away = start(config).await;
    let examples = [
        ("/".to_owned(), 200),
        (format!("{away}/"), 503),
        ("/dice".to_owned(), 200),
        ("/dice?identifier=fair".to_owned(), 200),
        ("/dice?identifier=loaded".to_owned(), 404),
        ("/dice?die=fair".to_owned(), 422),
        (format!("/dice?identifier={}", "x".repeat(1024)), 414),
        (format!("{away}/dice"), 503),
    ];
    let examples: Vec<_> = examples
        .iter()
        .map(|(path, status)| (path.as_str(), *status))
        .collect();
    check_openapi(&base, &examples, "").await;
}

/// The URL of a die-service.
async fn start(config: Config) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(run(
        config,
        listener,
        telemetry::Losses::default(),
        pending(),
    ));
    url
}
