//! Panics outside handlers: in the body of an answer, and in a background task.

#[path = "support/careless.rs"]
mod careless;

use std::io::{Read, Seek};

use clap::Parser;
use service::Background;
use telemetry::Settings;
use telemetry::http::Limits;
use testkit::{Metrics, becomes};
use tokio::runtime::Runtime;

use crate::careless::{SERVICE, serve};

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    telemetry: Settings,
}

#[test]
fn a_panic_outside_a_handler_is_counted_and_logged() {
    let settings = Flags::parse_from(["careless", "--otel-disabled"]).telemetry;
    let mut log = tempfile::tempfile().expect("a file");
    let telemetry = telemetry::init_to(SERVICE, &settings, &log).expect("telemetry");
    let runtime = Runtime::new().expect("threads");
    runtime.block_on(async {
        let address = serve(telemetry.losses(), Limits::default()).await;
        let [metrics, breaks] =
            ["metrics", "breaks"].map(|path| format!("http://{address}/{path}"));
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
