//! The OTLP side: `POST /v1/traces`, http/protobuf.
//!
//! Refusals are plain text with a reason, where OTLP has a protobuf `Status`: exporters log the code, people read the text.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;

use crate::Store;

/// The largest request body, in bytes (8 MiB).
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

const PROTOBUF: &str = "application/x-protobuf";

/// The OTLP receiver, to be served on a listener of its own (OTLP's port is 4318).
///
/// Answers 200 with an `ExportTraceServiceResponse`, in which spans with an invalid trace or span id are reported as
/// rejected; 400 for a body that is not an `ExportTraceServiceRequest`, 413 for more than [`MAX_BODY_BYTES`], 415 for another
/// Content-Type than `application/x-protobuf` and for any Content-Encoding.
pub fn receiver(store: Store) -> Router {
    Router::new()
        .route("/v1/traces", post(export))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(store)
}

/// Why a request was refused; each variant says with which status.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    /// 415
    #[error("unsupported Content-Type {0:?}: send {PROTOBUF}")]
    ContentType(String),
    /// 415
    #[error("unsupported Content-Encoding {0:?}: send the body uncompressed")]
    ContentEncoding(String),
    /// 413
    #[error("the body is larger than {MAX_BODY_BYTES} bytes")]
    TooLarge,
    /// 400
    #[error("the body did not arrive in full")]
    Incomplete,
    /// 400
    #[error("the body is not an OTLP ExportTraceServiceRequest in protobuf")]
    Malformed,
}

async fn export(
    State(store): State<Store>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    check(&headers)?;
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge,
        _ => Refusal::Incomplete,
    })?;
    let request = ExportTraceServiceRequest::decode(body).map_err(|_| Refusal::Malformed)?;
    let rejected = store.receive(request);
    let response = ExportTraceServiceResponse {
        partial_success: (rejected > 0).then(|| ExportTracePartialSuccess {
            rejected_spans: i64::try_from(rejected).unwrap_or(i64::MAX),
            error_message: "trace ids must be 16 bytes, span ids 8 bytes, neither all zero"
                .to_owned(),
        }),
    };
    Ok(([(CONTENT_TYPE, PROTOBUF)], response.encode_to_vec()).into_response())
}

fn check(headers: &HeaderMap) -> Result<(), Refusal> {
    let content_type = text(headers, &CONTENT_TYPE);
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case(PROTOBUF) {
        return Err(Refusal::ContentType(content_type));
    }
    let encoding = text(headers, &CONTENT_ENCODING);
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        return Err(Refusal::ContentEncoding(encoding));
    }
    Ok(())
}

fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    let value = headers.get(name).map(HeaderValue::as_bytes);
    String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Self::ContentType(_) | Self::ContentEncoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Incomplete | Self::Malformed => StatusCode::BAD_REQUEST,
        };
        (status, format!("{self}\n")).into_response()
    }
}
