//! The spans of rolls, as the services send them.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use prost::Message;
use testkit::traces::{attribute, of_resource, text};

/// 2026-01-01T00:00:00Z, in nanoseconds.
const START: u64 = 1_767_225_600_000_000_000;
const MS: u64 = 1_000_000;

/// Queries whose answer is found in the newest traces, or in the summaries of the others.
pub(crate) const QUERIES: [&str; 11] = [
    "{}",
    "{ resource.service.name = \"die-service\" }",
    "{ name = \"GET /dice\" && kind = server }",
    "{ span.die.type = \"fair\" && duration > 100us }",
    "{ status = error }",
    "{ duration > 10s }",
    "{ resource.service.name = \"other\" }",
    "{ span.die.identifier = \"unknown\" }",
    "{ name = \"GET /dice\" && span.die.identifier = \"unknown\" }",
    "{ kind = server && span.no.such.attribute != nil }",
    "{ span.http.response.status_code >= 500 }",
];

/// Queries that match no span and read many: traces have each of the values, but no span has both,
/// and no summary knows the shortest span.
pub(crate) const READ_MANY: [&str; 2] = [
    "{ span.http.route != \"/dice\" && span.http.route != \"/roll\" }",
    "{ duration < 1us }",
];

/// The query string of a search.
pub(crate) fn parameters(query: &str) -> String {
    let encode = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02x}"),
    };
    format!("q={}", query.bytes().map(encode).collect::<String>())
}

/// A span with the attributes of a SERVER span.
fn span(trace: u128, id: u64, parent: u64, route: &str) -> Span {
    let start = START + (trace as u64) * MS + id * 1000;
    Span {
        trace_id: random_id(trace).to_be_bytes().to_vec(),
        span_id: id.to_be_bytes().to_vec(),
        parent_span_id: match parent {
            0 => Vec::new(),
            parent => parent.to_be_bytes().to_vec(),
        },
        name: format!("GET {route}"),
        kind: if id.is_multiple_of(2) { 3 } else { 2 },
        start_time_unix_nano: start,
        end_time_unix_nano: start + MS / 2,
        flags: 257,
        attributes: vec![
            text("http.request.method", "GET"),
            text("url.path", route),
            text("url.scheme", "http"),
            text("server.address", "127.0.0.1"),
            text("http.route", route),
            text("user_agent.original", "traffic-gen/0.1.0"),
            attribute("http.response.status_code", Value::IntValue(200)),
            text("die.identifier", "fair"),
            text("die.type", "fair"),
        ],
        ..Span::default()
    }
}

fn batch(service: &str, spans: Vec<Span>) -> ResourceSpans {
    let resource = vec![
        text("service.name", service),
        text("service.version", "0.1.0"),
        text("deployment.environment.name", "demo"),
    ];
    of_resource(resource, spans)
}

fn request(resource_spans: Vec<ResourceSpans>) -> Vec<u8> {
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

/// An id that looks random, as those of the services.
fn random_id(number: u128) -> u128 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
}

/// Requests of 500 spans, each span a trace.
pub(crate) fn singles(spans: u128) -> impl Iterator<Item = Vec<u8>> {
    (0..spans / 500).map(|part| {
        let traces = (1..=500).map(|trace| span(part * 500 + trace, trace as u64, 0, "/dice"));
        request(vec![batch("die-service", traces.collect())])
    })
}

/// Traces of seven spans in three services, which each send 100 traces a request, the last span
/// first.
pub(crate) fn rolls(traces: u128) -> impl Iterator<Item = Vec<u8>> {
    let parts = [
        ("die-service", 7..8),
        ("dice-roller", 3..7),
        ("frontend", 1..3),
    ];
    (0..traces.div_ceil(100)).flat_map(move |part| {
        let last = ((part + 1) * 100).min(traces);
        parts.clone().map(|(service, ids)| {
            let route = match service {
                "die-service" => "/dice",
                _ => "/roll",
            };
            let of_trace = |trace| {
                ids.clone()
                    .rev()
                    .map(move |number| span(trace, number, number - 1, route))
            };
            let spans = (part * 100 + 1..=last).flat_map(of_trace);
            request(vec![batch(service, spans.collect())])
        })
    })
}

/// A trace with that many spans, in one request.
pub(crate) fn large(spans: u64) -> impl Iterator<Item = Vec<u8>> {
    let spans = (1..=spans).map(|id| span(1, id, id - 1, "/roll")).collect();
    [request(vec![batch("dice-roller", spans)])].into_iter()
}
