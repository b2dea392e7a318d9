//! The OpenAPI document says what the service does.

use std::future::pending;
use std::time::Duration;

use dice_roller::{Config, run};
use testkit::check_openapi;
use tokio::net::TcpListener;

#[tokio::test]
async fn the_document_and_the_service_agree() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    let config = Config {
        die_service_url: None,
        die_service_timeout: Duration::from_secs(1),
        roll_delay: Duration::ZERO,
        limits: telemetry::http::Limits::default(),
    };
    tokio::spawn(run(config, listener, pending()));
    let long = "x".repeat(1024);
    let (long, long_batch) = (
        format!("/roll?die={long}"),
        format!("/roll-async?die={long}"),
    );
    let examples = [
        ("/", 200),
        ("/roll?die=fair", 200),
        ("/roll?die=loaded", 404),
        ("/roll", 422),
        (&long, 414),
        ("/roll-async?die=fair&times=5", 200),
        ("/roll-async?die=fair&times=21", 422),
        (&long_batch, 414),
    ];
    check_openapi(&base, &examples, "").await;
}
