//! Packed bodies, JSON, and refusals in the format of the request.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use mini_tempo::{MAX_BODY_BYTES, Value};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use prost::encoding::{DecodeContext, decode_key, int32, string};
use reqwest::{Response, StatusCode};
use serde_json::{Value as Json, json};

use crate::server::Server;
use crate::spans::{START, roll};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("writing to memory");
    encoder.finish().expect("writing to memory")
}

fn request() -> Vec<u8> {
    let resource_spans = roll(1);
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

async fn post(server: &Server, format: &str, codings: &[&str], body: Vec<u8>) -> Response {
    let mut request = server.client.post(&server.otlp).body(body);
    request = request.header("content-type", format);
    for coding in codings {
        request = request.header("content-encoding", *coding);
    }
    request.send().await.expect("the receiver answers")
}

/// Reads a `google.rpc.Status`: its code and its message.
fn status(mut body: &[u8]) -> (i32, String) {
    let (mut code, mut message) = (0, String::new());
    let context = DecodeContext::default;
    while !body.is_empty() {
        let (field, wire_type) = decode_key(&mut body).expect("protobuf");
        match field {
            1 => int32::merge(wire_type, &mut code, &mut body, context()),
            2 => string::merge(wire_type, &mut message, &mut body, context()),
            other => panic!("Status has no field {other}"),
        }
        .expect("protobuf");
    }
    (code, message)
}

/// The message of a refusal, which is a Status in `format`.
async fn refusal(response: Response, expected: StatusCode, format: &str) -> String {
    assert_eq!(response.status(), expected);
    assert_eq!(response.headers()["content-type"], format);
    let body = response.bytes().await.expect("a body");
    let (code, message) = if format == PROTOBUF {
        status(&body)
    } else {
        let status: Json = serde_json::from_slice(&body).expect("JSON");
        let message = status["message"].as_str().expect("a message");
        (
            i32::try_from(status["code"].as_i64().expect("a code")).expect("small"),
            message.to_owned(),
        )
    };
    let codes = match expected {
        StatusCode::PAYLOAD_TOO_LARGE => 8,
        StatusCode::SERVICE_UNAVAILABLE => 14,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => 12,
        _ => 3,
    };
    assert_eq!(code, codes, "{message}");
    message
}

#[tokio::test]
async fn packed_bodies_are_unpacked() {
    let plain: [&[&str]; 4] = [
        &[],
        &["identity"],
        &["", "Identity"],
        &["identity, identity"],
    ];
    let packed: [&[&str]; 5] = [
        &["gzip"],
        &["GZip"],
        &["x-gzip"],
        &["identity, gzip"],
        &["gzip", "identity"],
    ];
    for (codings, body) in (plain.into_iter().map(|codings| (codings, request())))
        .chain(packed.map(|codings| (codings, gzip(&request()))))
    {
        let server = Server::start(100).await;
        let response = post(&server, PROTOBUF, codings, body).await;
        assert_eq!(response.status(), StatusCode::OK, "{codings:?}");
        assert_eq!(server.store.counters().spans_stored, 5, "{codings:?}");
    }
    // RFC 1952: several members are one body.
    let server = Server::start(100).await;
    let (first, second) = (request(), request());
    let members = [gzip(&first[..20]), gzip(&first[20..]), gzip(&second)].concat();
    let response = post(&server, PROTOBUF, &["gzip"], members).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(server.store.counters().spans_received, 10);
}

#[tokio::test]
async fn another_coding_is_415_and_says_what_is_allowed() {
    let server = Server::start(100).await;
    let unknown: [&[&str]; 6] = [
        &["br"],
        &["zstd"],
        &["deflate"],
        &["gzip, gzip"],
        &["gzip", "br"],
        &["gzipped"],
    ];
    for codings in unknown {
        let response = post(&server, PROTOBUF, codings, gzip(&request())).await;
        assert_eq!(response.headers()["accept-encoding"], "gzip, identity");
        let message = refusal(response, StatusCode::UNSUPPORTED_MEDIA_TYPE, PROTOBUF).await;
        assert!(message.contains(codings[0]), "{codings:?}: {message}");
        assert!(message.contains("allowed are gzip"), "{message}");
    }
    assert_eq!(server.store.counters().spans_received, 0);
    let refused = "mini_tempo_requests_refused_total";
    assert_eq!(server.metric(refused, &[("status", "415")]).await, 6);
}

#[tokio::test]
async fn what_is_not_gzip_is_400() {
    let server = Server::start(100).await;
    let packed = gzip(&request());
    let cut = packed[..packed.len() - 9].to_vec();
    for body in [request(), cut] {
        let response = post(&server, PROTOBUF, &["gzip"], body).await;
        let message = refusal(response, StatusCode::BAD_REQUEST, PROTOBUF).await;
        assert!(message.contains("not gzip"), "{message}");
    }
}

#[tokio::test]
async fn a_body_that_unpacks_to_more_than_the_bound_is_413() {
    for format in [PROTOBUF, JSON] {
        let server = Server::start(100).await;
        let bomb = gzip(&vec![0; 64 << 20]);
        assert!(bomb.len() < MAX_BODY_BYTES, "{}", bomb.len());
        let response = post(&server, format, &["gzip"], bomb).await;
        let message = refusal(response, StatusCode::PAYLOAD_TOO_LARGE, format).await;
        assert!(message.contains("unpacked"), "{message}");
    }
}

#[tokio::test]
async fn other_media_types_are_415() {
    let server = Server::start(100).await;
    for format in [
        "text/plain",
        "application/grpc",
        "application/x-protobuffer",
    ] {
        let response = post(&server, format, &[], request()).await;
        let message = refusal(response, StatusCode::UNSUPPORTED_MEDIA_TYPE, JSON).await;
        assert!(
            message.contains(format) && message.contains(PROTOBUF) && message.contains(JSON),
            "{message}"
        );
    }
}

#[tokio::test]
async fn refusals_have_the_format_of_the_request() {
    let server = Server::start(100).await;
    for format in [PROTOBUF, JSON] {
        let response = post(&server, format, &[], b"[nonsense".to_vec()).await;
        let message = refusal(response, StatusCode::BAD_REQUEST, format).await;
        assert!(message.contains("ExportTraceServiceRequest"), "{message}");
        let response = post(&server, format, &[], vec![b' '; MAX_BODY_BYTES + 1]).await;
        let message = refusal(response, StatusCode::PAYLOAD_TOO_LARGE, format).await;
        assert!(message.contains("8388608"), "{message}");
        let logs = server.client.post(server.otlp.replace("traces", "logs"));
        let response = logs.header("content-type", format).send().await;
        let response = response.expect("an answer");
        let message = refusal(response, StatusCode::NOT_FOUND, format).await;
        assert!(message.contains("/v1/traces"), "{message}");
    }
}

#[tokio::test]
async fn json_is_read_as_the_collector_reads_it() {
    let server = Server::start(100).await;
    let values = json!([
        {"key": "text", "value": {"stringValue": "fair"}},
        {"key": "int", "value": {"intValue": "-9007199254740993"}},
        {"key": "plain int", "value": {"intValue": 5}},
        {"key": "double", "value": {"doubleValue": 0.5}},
        {"key": "whole double", "value": {"doubleValue": 2}},
        {"key": "bool", "value": {"boolValue": false}},
        {"key": "bytes", "value": {"bytesValue": "AQID"}},
        {"key": "array", "value": {"arrayValue": {"values": [{"intValue": "1"}, {}]}}},
        {"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"stringValue": "v"}}]}}},
        {"key": "nothing", "value": {}},
        {"key": "null", "value": null},
    ]);
    let span = json!({
        "traceId": "5B8EFFF798038103D269B633813FC60C",
        "spanId": "eee19b7ec3c1b174",
        "parentSpanId": "",
        "traceState": "vendor=1",
        "flags": 257,
        "name": "GET /roll",
        "kind": 2,
        "startTimeUnixNano": START.to_string(),
        "endTimeUnixNano": START + 10,
        "attributes": values,
        "events": [{"name": "exception", "timeUnixNano": START.to_string()}],
        "links": [{"traceId": "5b8efff798038103d269b633813fc60d", "spanId": "eee19b7ec3c1b175"}],
        "status": {"code": 2, "message": "broke"},
        "somethingNew": {"deep": [1, 2]},
    });
    let other = json!({
        "trace_id": "5b8efff798038103d269b633813fc60c",
        "span_id": "eee19b7ec3c1b176",
        "kind": "SPAN_KIND_CLIENT",
        "status": {"code": "STATUS_CODE_OK"},
        "attributes": null,
    });
    let body = json!({ "resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "cart"}}]},
        "scopeSpans": [{"scope": {"name": "by hand"}, "spans": [span, other]}],
    }] });
    let body = body.to_string().into_bytes();
    let response = post(&server, JSON, &["gzip"], gzip(&body)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], JSON);
    assert_eq!(response.text().await.expect("a body"), "{}");

    let id = "5b8efff798038103d269b633813fc60c".parse().expect("an id");
    let trace = server.store.trace(id).expect("stored");
    let [first, second] = trace.spans() else {
        panic!("{trace:?}");
    };
    assert_eq!((first.service(), first.name()), ("cart", "GET /roll"));
    assert_eq!(
        (first.kind().as_str(), first.status().as_str()),
        ("server", "error")
    );
    assert_eq!(first.duration_nanos(), 10);
    assert_eq!(
        first.attribute("int"),
        Some(Value::Int(-9_007_199_254_740_993))
    );
    assert_eq!(first.attribute("plain int"), Some(Value::Int(5)));
    assert_eq!(first.attribute("whole double"), Some(Value::Float(2.0)));
    assert_eq!(first.attribute("bool"), Some(Value::Bool(false)));
    assert_eq!(
        (second.kind().as_str(), second.status().as_str()),
        ("client", "ok")
    );
    let shown = server
        .json("/api/traces/5b8efff798038103d269b633813fc60c", &[])
        .await;
    let shown = &shown["batches"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(shown["flags"], 257);
    let shown = shown["attributes"].as_array().expect("attributes");
    assert_eq!(shown.len(), 11);
    assert_eq!(shown[6]["value"]["bytesValue"], "AQID");
    assert_eq!(
        shown[7]["value"]["arrayValue"]["values"],
        json!([{"intValue": "1"}, {}])
    );
}

#[tokio::test]
async fn json_that_is_wrong_says_where() {
    let server = Server::start(100).await;
    let long = format!("\"{}\"", "x".repeat(5000));
    let wrong = [
        ("", "EOF"),
        ("[]", "resourceSpans"),
        ("{\"resourceSpans\": 7}", "line 1 column"),
        (
            "{\"resourceSpans\": [{\"scopeSpans\": [{\"spans\": [{\"traceId\": \"xyz0\"}]}]}]}",
            "hexadecimal",
        ),
        (
            "{\"resourceSpans\": [{\"scopeSpans\": [{\"spans\": [{\"kind\": \"SERVER\"}]}]}]}",
            "SERVER",
        ),
        (&format!("{{\"resourceSpans\": {long}}}"), "line 1 column"),
    ];
    for (body, part) in wrong {
        let response = post(&server, JSON, &[], body.as_bytes().to_vec()).await;
        let message = refusal(response, StatusCode::BAD_REQUEST, JSON).await;
        assert!(message.contains(part), "{body:.80}: {message}");
        assert!(message.len() < 400, "{message}");
    }
    // Ids of the wrong length are a partial success, as in protobuf.
    let body = "{\"resourceSpans\": [{\"scopeSpans\": [{\"spans\": [{\"traceId\": \"ab\"}]}]}]}";
    let response = post(&server, JSON, &[], body.as_bytes().to_vec()).await;
    assert_eq!(response.status(), StatusCode::OK);
    let answer: Json = response.json().await.expect("JSON");
    assert_eq!(answer["partialSuccess"]["rejectedSpans"], "1");
}
