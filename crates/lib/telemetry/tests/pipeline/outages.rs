//! A collector that is away, comes back, or hangs; and two pipelines that know nothing of each
//! other's losses.

use std::future::pending;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::Value;
use telemetry::Losses;
use tokio::runtime::Runtime;

use crate::collector::Collector;
use crate::support::{Pipeline, SERVICE, serve};

const LOST: &str = "Spans do not reach the collector: they are lost, see telemetry_spans_total";

fn count(lines: &[Value], message: &str) -> usize {
    let of_message = lines.iter().filter(|line| line["message"] == message);
    of_message.count()
}

#[test]
fn an_outage_is_logged_once_and_so_is_its_end() {
    let collector = Collector::answering(|export| match export {
        0..3 | 5 => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    });
    let pipeline = Pipeline::to(&collector.url, &[]);
    for spans in 1..=7 {
        pipeline.make_spans(1);
        pipeline.settled(f64::from(spans));
    }
    assert_eq!(pipeline.outcomes(), [3.0, 0.0, 4.0, 0.0]);
    let lines = pipeline.end();
    assert_eq!(count(&lines, LOST), 2, "{lines:?}");
    assert_eq!(count(&lines, "Spans reach the collector again"), 2);
}

#[test]
fn a_queue_that_is_full_drops_what_is_too_much_and_what_waits_is_given_up_at_the_end() {
    let runtime = Runtime::new().expect("threads");
    let hang = Router::new().route("/v1/traces", post(pending::<()>));
    let flags = ["--span-queue-size=5", "--otlp-timeout=600000"];
    let pipeline = Pipeline::to(&serve(&runtime, hang), &flags);
    pipeline.make_spans(20);
    assert_eq!(pipeline.outcomes(), [0.0, 0.0, 0.0, 15.0]);
    let lines = pipeline.end();
    let full = "Spans are being dropped: the queue is full, see telemetry_spans_total";
    assert_eq!(count(&lines, full), 1, "{lines:?}");
    let given_up = "Spans were lost at shutdown: the collector is too slow";
    let told = lines.iter().find(|line| line["message"] == given_up);
    assert_eq!(told.expect("a line")["lost"], 5);
}

#[test]
fn pipelines_of_one_process_do_not_share_losses() {
    let (takes, refuses) = (
        Collector::new(),
        Collector::answering(|_| StatusCode::BAD_REQUEST),
    );
    let good = Pipeline::to(&takes.url, &[]);
    let bad = Pipeline::to(&refuses.url, &[]);
    good.make_spans(2);
    bad.make_spans(3);
    assert_eq!(good.settled(2.0), [2.0, 0.0, 0.0, 0.0]);
    assert_eq!(bad.settled(3.0), [0.0, 0.0, 3.0, 0.0]);
    // What an exporter logs on its own thread is for the log of its own pipeline.
    assert_eq!((count(&good.end(), LOST), count(&bad.end(), LOST)), (0, 1));
}

#[test]
fn each_registry_that_is_given_the_same_losses_exposes_them() {
    let collector = Collector::new();
    let pipeline = Pipeline::to(&collector.url, &[]);
    pipeline.make_spans(1);
    pipeline.settled(1.0);
    let spans = |registry: &telemetry::metrics::Registry| {
        let families = registry.gather();
        let of_spans = families
            .iter()
            .find(|family| family.name() == "telemetry_spans_total");
        let series = of_spans.expect("a metric").get_metric().iter();
        series
            .map(|series| series.get_counter().get_value())
            .sum::<f64>()
    };
    assert_eq!(spans(pipeline.registry()), 1.0);
    let another = telemetry::metrics::registry(SERVICE, &Losses::default());
    assert_eq!(spans(&another), 0.0);
}
