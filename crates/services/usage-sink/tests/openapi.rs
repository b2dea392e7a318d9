//! The OpenAPI document says what the service does.

use std::future::pending;

use testkit::check_openapi;
use tokio::net::TcpListener;
use usage_sink::{Config, run};

#[tokio::test]
async fn the_document_and_the_service_agree() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    let mut config = Config::default();
    // Nothing that is asked here gets as far as a database.
    let url = "postgres://nobody@127.0.0.1:1/nothing".parse();
    config.database.database_url = Some(url.expect("a URL"));
    tokio::spawn(run(config, listener, pending()));
    let examples = [("/", 200), ("POST /v1/logs", 415)];
    check_openapi(&base, include_str!("../src/lib.rs"), &examples).await;
}
