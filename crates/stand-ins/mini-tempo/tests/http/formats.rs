//! Compressed bodies, JSON, and errors in the format of the request.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use mini_tempo::MAX_BODY_BYTES;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use prost::encoding::{DecodeContext, decode_key, int32, string};
use reqwest::{Response, StatusCode};
use serde_json::Value as Json;

use crate::server::Server;
use crate::spans::roll;

pub(crate) const PROTOBUF: &str = "application/x-protobuf";
pub(crate) const JSON: &str = "application/json";

pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("writing to memory");
    encoder.finish().expect("writing to memory")
}

fn request() -> Vec<u8> {
    let resource_spans = roll(1);
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

pub(crate) async fn post(
    server: &Server,
    format: &str,
    codings: &[&str],
    body: Vec<u8>,
) -> Response {
    let mut request = server.client.post(&server.otlp).body(body);
    request = request.header("content-type", format);
    for coding in codings {
        request = request.header("content-encoding", *coding);
    }
    request.send().await.expect("the receiver answers")
}

/// Reads a `google.rpc.Status`: its code and its message.
pub(crate) fn status(mut body: &[u8]) -> (i32, String) {
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

/// The message of an error answer, which is a Status in `format`.
pub(crate) async fn error_message(
    response: Response,
    expected: StatusCode,
    format: &str,
) -> String {
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
async fn compressed_bodies_are_decompressed() {
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
    // RFC 1952: several members form one body.
    let server = Server::start(100).await;
    let (first, second) = (request(), request());
    let members = [gzip(&first[..20]), gzip(&first[20..]), gzip(&second)].concat();
    let response = post(&server, PROTOBUF, &["gzip"], members).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(server.store.counters().spans_received, 10);
}

#[tokio::test]
async fn another_coding_is_415_with_the_allowed_codings() {
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
        let message = error_message(response, StatusCode::UNSUPPORTED_MEDIA_TYPE, PROTOBUF).await;
        assert!(message.contains(codings[0]), "{codings:?}: {message}");
        assert!(message.contains("use gzip or identity"), "{message}");
    }
    assert_eq!(server.store.counters().spans_received, 0);
    let refused = "mini_tempo_requests_refused_total";
    assert_eq!(server.metric(refused, &[("status", "415")]).await, 6);
}

#[tokio::test]
async fn invalid_gzip_is_400() {
    let server = Server::start(100).await;
    let packed = gzip(&request());
    let cut = packed[..packed.len() - 9].to_vec();
    for body in [request(), cut] {
        let response = post(&server, PROTOBUF, &["gzip"], body).await;
        let message = error_message(response, StatusCode::BAD_REQUEST, PROTOBUF).await;
        assert!(message.contains("not valid gzip"), "{message}");
    }
}

#[tokio::test]
async fn a_body_that_decompresses_beyond_the_bound_is_413() {
    for format in [PROTOBUF, JSON] {
        let server = Server::start(100).await;
        let bomb = gzip(&vec![0; 64 << 20]);
        assert!(bomb.len() < MAX_BODY_BYTES, "{}", bomb.len());
        let response = post(&server, format, &["gzip"], bomb).await;
        let message = error_message(response, StatusCode::PAYLOAD_TOO_LARGE, format).await;
        assert!(message.contains("decompressed"), "{message}");
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
        let message = error_message(response, StatusCode::UNSUPPORTED_MEDIA_TYPE, JSON).await;
        assert!(
            message.contains(format) && message.contains(PROTOBUF) && message.contains(JSON),
            "{message}"
        );
    }
}

#[tokio::test]
async fn errors_have_the_format_of_the_request() {
    let server = Server::start(100).await;
    for format in [PROTOBUF, JSON] {
        let response = post(&server, format, &[], b"[nonsense".to_vec()).await;
        let message = error_message(response, StatusCode::BAD_REQUEST, format).await;
        assert!(message.contains("ExportTraceServiceRequest"), "{message}");
        let response = post(&server, format, &[], vec![b' '; MAX_BODY_BYTES + 1]).await;
        let message = error_message(response, StatusCode::PAYLOAD_TOO_LARGE, format).await;
        assert!(message.contains("8388608"), "{message}");
        let logs = server.client.post(server.otlp.replace("traces", "logs"));
        let response = logs.header("content-type", format).send().await;
        let response = response.expect("an answer");
        let message = error_message(response, StatusCode::NOT_FOUND, format).await;
        assert!(message.contains("/v1/traces"), "{message}");
    }
}
