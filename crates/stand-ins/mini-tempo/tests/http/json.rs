//! OTLP/JSON requests, valid and invalid.

use mini_tempo::Value;
use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::formats::{JSON, error_message, gzip, post};
use crate::server::Server;
use crate::spans::START;

#[tokio::test]
async fn json_is_parsed_as_the_collector_parses_it() {
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
async fn invalid_json_is_400_with_its_position() {
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
        let message = error_message(response, StatusCode::BAD_REQUEST, JSON).await;
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
