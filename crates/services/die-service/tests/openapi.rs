//! The OpenAPI document says what the service does.

use std::future::pending;

use die_service::{Config, run};
use testkit::check_openapi;
use tokio::net::TcpListener;

#[tokio::test]
async fn the_document_and_the_service_agree() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(run(Config::default(), listener, pending()));
    let long = format!("/dice?identifier={}", "x".repeat(1024));
    let examples = [
        ("/", 200),
        ("/dice", 200),
        ("/dice?identifier=fair", 200),
        ("/dice?identifier=loaded", 404),
        ("/dice?die=fair", 422),
        (&long, 414),
    ];
    check_openapi(&base, &examples, "").await;
}
