//! What is exported: where to, whose it is, whose trace it continues, and what is left out.

use axum::http::StatusCode;
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::collector::{Collector, hex, text};
use crate::support::Pipeline;

#[test]
fn spans_are_posted_as_protobuf_below_the_endpoint() {
    for (path, endpoint) in [
        ("/v1/traces", ""),
        ("/v1/traces", "/"),
        ("/collector/v1/traces", "/collector"),
    ] {
        let collector = Collector::at(path, |_| ());
        let pipeline = Pipeline::to(&format!("{}{endpoint}", collector.url), &[]);
        pipeline.make_spans(1);
        assert_eq!(pipeline.settled(1.0), [1.0, 0.0, 0.0, 0.0], "{endpoint:?}");
        let exports = collector.exports();
        let content_type = exports[0].headers.get("content-type");
        assert_eq!(content_type.expect("a type"), "application/x-protobuf");
    }
}

#[test]
fn an_endpoint_of_traces_is_used_as_it_is_and_goes_before_the_other() {
    let other = Collector::answering(|_| StatusCode::BAD_REQUEST);
    let collector = Collector::at("/in/here", |_| ());
    let traces = format!("--otlp-traces-endpoint={}/in/here", collector.url);
    let pipeline = Pipeline::to(&other.url, &[&traces]);
    pipeline.make_spans(1);
    assert_eq!(pipeline.settled(1.0), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(other.exports().len(), 0);
}

#[test]
fn the_resource_has_the_name_the_version_of_the_build_and_what_was_given() {
    let given = "--resource-attributes=team=a%2Cb,service.version=9,service.name=given";
    for (flags, name) in [
        (&[][..], "observed"),
        (&[given], "given"),
        (&[given, "--service-name=flag"], "flag"),
    ] {
        let collector = Collector::new();
        let pipeline = Pipeline::to(&collector.url, flags);
        pipeline.make_spans(1);
        pipeline.settled(1.0);
        let exports = collector.exports();
        let resource = exports[0].request.resource_spans[0].resource.as_ref();
        let attributes = &resource.expect("a resource").attributes;
        assert_eq!(text(attributes, "service.name"), Some(name));
        assert_eq!(text(attributes, "service.version"), Some("1.2.3"));
        let team = (!flags.is_empty()).then_some("a,b");
        assert_eq!(text(attributes, "team"), team);
        assert_eq!(text(attributes, "telemetry.sdk.language"), Some("rust"));
    }
}

/// The span of a GET of `uri` with those headers.
fn handled(uri: &str, headers: &[(&str, &str)]) -> Span {
    let collector = Collector::new();
    let pipeline = Pipeline::to(&collector.url, &[]);
    let answer = pipeline.handle(uri, |request| {
        let headers = headers.iter();
        headers.fold(request, |request, (name, value)| {
            request.header(*name, *value)
        })
    });
    assert_eq!(answer.status(), 200);
    assert_eq!(pipeline.settled(1.0), [1.0, 0.0, 0.0, 0.0]);
    let mut spans = collector.spans();
    assert_eq!(spans.len(), 1, "{spans:?}");
    spans.remove(0)
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

#[test]
fn a_request_continues_the_trace_of_its_caller() {
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let states = [("tracestate", "a=1"), ("tracestate", "b=2")];
    let span = handled("/page", &[("traceparent", &parent), states[0], states[1]]);
    assert_eq!((&*span.name, span.kind), ("GET /{page}", 2));
    assert_eq!(hex(&span.trace_id), TRACE);
    assert_eq!(hex(&span.parent_span_id), PARENT);
    assert_eq!(span.trace_state, "a=1,b=2");
}

#[test]
fn a_trace_context_that_is_none_begins_a_trace() {
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let zeros = format!("00-{}-{PARENT}-01", "0".repeat(32));
    let twice = [("traceparent", &*parent), ("traceparent", &parent)];
    for headers in [
        &[][..],
        &[("traceparent", "nonsense")],
        &[("traceparent", &zeros)],
        &twice,
    ] {
        let span = handled("/page", headers);
        assert_ne!(hex(&span.trace_id), TRACE, "{headers:?}");
        assert_eq!(hex(&span.parent_span_id), "", "{headers:?}");
    }
}

#[test]
fn a_trace_that_its_caller_does_not_record_is_not_exported() {
    let collector = Collector::new();
    let pipeline = Pipeline::to(&collector.url, &[]);
    let parent = format!("00-{TRACE}-{PARENT}-00");
    pipeline.handle("/page", |request| request.header("traceparent", &parent));
    pipeline.make_spans(1);
    assert_eq!(pipeline.settled(1.0), [1.0, 0.0, 0.0, 0.0]);
    let spans = collector.spans();
    let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["work"]);
}

#[test]
fn signatures_in_a_query_are_not_in_its_span() {
    let uri = "/page?identifier=f%61ir&sig=hunter2%2F&a=%7E~+&Signature=hunter2";
    let span = handled(uri, &[]);
    let expected = "identifier=f%61ir&sig=REDACTED&a=%7E~+&Signature=REDACTED";
    assert_eq!(text(&span.attributes, "url.query"), Some(expected));
    assert!(!format!("{span:?}").contains("hunter2"), "{span:?}");
}
