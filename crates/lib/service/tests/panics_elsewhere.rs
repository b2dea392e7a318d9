//! Panics outside handlers: in the body of an answer, and in a background task.

use std::convert::Infallible;
use std::future::pending;
use std::io::{Read, Seek};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use clap::Parser;
use futures_util::stream;
use service::{Background, Server};
use telemetry::http::{Admission, Limits};
use telemetry::{Losses, Service, Settings};
use testkit::{Metrics, becomes};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    telemetry: Settings,
}

const SERVICE: Service = Service {
    name: "careless",
    version: "0",
};

/// An answer that breaks once its head is sent.
async fn breaks() -> Body {
    let first = Ok::<_, Infallible>(Bytes::from_static(b"so far so good"));
    let parts = [first]
        .into_iter()
        .chain(std::iter::from_fn(|| panic!("in a body")));
    Body::from_stream(stream::iter(parts))
}

/// A server whose `/breaks` gives that answer; returns its URL.
async fn serve(losses: &Losses) -> String {
    let registry = telemetry::metrics::registry(SERVICE, losses);
    let admission = Admission::new(&registry, Limits::default());
    let own = Router::new().route("/breaks", get(breaks));
    let app = service::app(own, &registry, &[], &admission);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(Server::new(app, admission).run(listener, pending()));
    url
}

#[test]
fn a_panic_outside_a_handler_is_counted_and_logged() {
    let settings = Flags::parse_from(["careless", "--otel-disabled"]).telemetry;
    let mut log = tempfile::tempfile().expect("a file");
    let telemetry = telemetry::init_to(SERVICE, &settings, &log).expect("telemetry");
    let runtime = Runtime::new().expect("threads");
    runtime.block_on(async {
        let metrics = format!("{}/metrics", serve(telemetry.losses()).await);
        let breaks = metrics.replace("/metrics", "/breaks");
        let count = async |name| Metrics::scrape(&metrics).await.value(name, &[]);
        assert_eq!(count("process_panics_total").await, 0.0);
        // The head may or may not be sent before the body breaks.
        if let Ok(answer) = testkit::fetch(breaks).await {
            answer.bytes().await.expect_err("the body breaks");
        }
        becomes("panics in a body", 1.0, || count("process_panics_total")).await;
        let task = Background::default().spawn(async { panic!("in the background") });
        let _: tokio::task::JoinError = task.await.expect_err("it panics");
        assert_eq!(count("process_panics_total").await, 2.0);
        assert_eq!(count("http_handler_panics_total").await, 0.0);
    });
    telemetry.shutdown();
    let mut text = String::new();
    log.rewind().expect("a file");
    log.read_to_string(&mut text).expect("text");
    for cause in ["in a body", "in the background"] {
        let line = format!("\"cause\":\"{cause}\"");
        assert_eq!(text.matches(&line).count(), 1, "{text}");
    }
}
