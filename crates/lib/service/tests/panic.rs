//! A handler that panics: the answer, the metrics, the log and the trace.

#[path = "support/careless.rs"]
mod careless;

use std::io::{Read, Seek};

use clap::Parser;
use mini_tempo::{Status, Store, Value};
use telemetry::Settings;
use telemetry::http::Limits;
use testkit::Metrics;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::careless::{SERVICE, serve};

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    telemetry: Settings,
}

#[test]
fn a_panic_is_a_500_a_line_and_a_failed_span_and_the_service_keeps_serving() {
    let (runtime, store) = (Runtime::new().expect("threads"), Store::new(100));
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
    let listener = listener.expect("a free port");
    let address = listener.local_addr().expect("bound");
    runtime.spawn(axum::serve(listener, mini_tempo::receiver(store.clone())).into_future());
    let otlp = format!("--otlp-endpoint=http://{address}");
    let settings = Flags::parse_from(["careless", &otlp]).telemetry;
    let mut log = tempfile::tempfile().expect("a file");
    let telemetry = telemetry::init_to(SERVICE, &settings, &log).expect("telemetry");

    let (before, after) = runtime.block_on(async {
        let address = serve(telemetry.losses(), Limits::default()).await;
        let url = format!("http://{address}");
        let metrics = format!("{url}/metrics");
        let before = Metrics::scrape(&metrics).await;
        let (status, answer) = testkit::get(&format!("{url}/panics")).await;
        assert_eq!(status, 500);
        let detail = answer["detail"].as_str().expect("a problem");
        assert!(
            !detail.contains("has a text"),
            "the cause belongs in the log only: {detail}"
        );
        assert_eq!(testkit::get(&format!("{url}/good")).await.0, 200);
        (before, Metrics::scrape(&metrics).await)
    });
    let panics = "handler=\"/panics\"";
    for (status, requests) in [("500", 1.0), ("499", 0.0)] {
        let labels = [panics, &format!("status=\"{status}\"")];
        assert_eq!(before.value("http_requests_total", &labels), 0.0);
        assert_eq!(
            after.value("http_requests_total", &labels),
            requests,
            "{status}"
        );
    }
    assert_eq!(before.value("http_handler_panics_total", &[]), 0.0);
    assert_eq!(after.value("http_handler_panics_total", &[]), 1.0);
    assert_eq!(after.value("http_requests_in_progress", &[panics]), 0.0);

    telemetry.shutdown();
    let mut text = String::new();
    log.rewind().expect("a file");
    log.read_to_string(&mut text).expect("text");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("only JSON"));
    let lines: Vec<serde_json::Value> = lines.collect();
    let told: Vec<_> = lines
        .iter()
        .filter(|line| line["level"] == "ERROR")
        .collect();
    let [line] = told[..] else {
        panic!("{lines:?}")
    };
    assert_eq!(line["message"], "Panicked");
    assert_eq!(line["cause"], "a mistake that has a text");
    assert!(
        line["location"]
            .as_str()
            .is_some_and(|place| place.contains("careless.rs")),
        "{line}"
    );

    let traces = store.traces();
    let spans = traces.iter().flat_map(|trace| trace.spans());
    let spans: Vec<_> = spans.filter(|span| span.name() == "GET /panics").collect();
    let [span] = &spans[..] else {
        panic!("{} spans", spans.len())
    };
    assert_eq!(span.status(), Status::Error);
    assert_eq!(
        span.attribute("http.response.status_code"),
        Some(Value::Int(500))
    );
    assert_eq!(
        line["trace_id"],
        traces
            .iter()
            .find(|trace| trace
                .spans()
                .iter()
                .any(|span| span.name() == "GET /panics"))
            .expect("it")
            .id()
            .to_string()
    );
}
