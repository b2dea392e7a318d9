//! The OTLP side: `POST /v1/traces`, http/protobuf and http/json.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::State;
use axum::http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER,
};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http_body_util::BodyExt;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use otlp_http::{Coding, Format, Status, UnpackError, unpack};
use prost::Message;
use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::otlp::{Spans, split};
use crate::rejection::Rejections;
use crate::request_error::RequestError;
use crate::{Store, measure, otlp_json};

/// The largest request body, in bytes, compressed and decompressed (8 MiB).
pub const MAX_BODY_BYTES: usize = 8 << 20;

/// The maximum total size, in bytes, of the bodies of all unanswered requests (32 MiB).
pub const MAX_BODIES_BYTES: usize = 32 << 20;

/// The maximum memory of a decoded request, in bytes (64 MiB).
pub const MAX_DECODED_BYTES: usize = 64 << 20;

/// Timeout for the arrival of a body.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Seconds after which a client should retry.
const PAUSE: HeaderValue = HeaderValue::from_static("1");

struct Receiver {
    store: Store,
    /// One permit for each byte of a body.
    bodies: Semaphore,
    /// One request at a time is decompressed and decoded, which can take many times its size.
    decoder: Semaphore,
}

/// The OTLP receiver, to be served on its own listener (OTLP's port is 4318).
///
/// Accepts `application/x-protobuf` and `application/json`, optionally with gzip. Answers 200 with
/// an `ExportTraceServiceResponse`, which reports rejected spans, see
/// [`Rejection`](crate::Rejection). An error answer is a `google.rpc.Status`, in the format of the
/// request:
///
/// |---|---|
/// | 400 | the body is truncated, not an `ExportTraceServiceRequest`, or not gzip although its header names it |
/// | 408 | the body did not arrive within [`BODY_TIMEOUT`] |
/// | 413 | more than [`MAX_BODY_BYTES`], compressed or decompressed, or more than [`MAX_DECODED_BYTES`] |
/// | 415 | another `Content-Type` or `Content-Encoding` |
/// | 503 | the bodies of all requests exceed [`MAX_BODIES_BYTES`]; OTLP senders retry |
pub fn receiver(store: Store) -> Router {
    let receiver = Arc::new(Receiver {
        store,
        bodies: Semaphore::new(MAX_BODIES_BYTES),
        decoder: Semaphore::new(1),
    });
    Router::new()
        .route("/v1/traces", post(export).fallback(only_post))
        .fallback(only_traces)
        .with_state(receiver)
}

async fn export(State(receiver): State<Arc<Receiver>>, headers: HeaderMap, body: Body) -> Response {
    let format = Format::of(&headers);
    let answer = match format {
        Some(format) => receiver.take(format, &headers, body).await,
        None => Err(RequestError::content_type(&headers)),
    };
    // A client without an OTLP content type is probably a person, who reads JSON.
    let format = format.unwrap_or(Format::Json);
    match answer {
        Ok(rejections) => accepted(&rejections, format),
        Err(error) => {
            receiver
                .store
                .count_rejected_request(error.status().as_u16());
            error_response(&error, format)
        }
    }
}

impl Receiver {
    async fn take(
        &self,
        format: Format,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Rejections, RequestError> {
        let coding = Coding::of(headers)?;
        let body = timeout(BODY_TIMEOUT, self.read(body)).await;
        let (body, _held) = body.map_err(|_| RequestError::Late)??;
        let decoding = self.decoder.acquire().await;
        let _decoding = decoding.expect("the semaphore is never closed");
        let body = match coding {
            Coding::Identity => body,
            Coding::Gzip => unpack(&body, MAX_BODY_BYTES)?,
        };
        Ok(self.store.receive(self.decode(format, body)?))
    }

    /// The body, with the permits for its bytes.
    async fn read(&self, mut body: Body) -> Result<(Vec<u8>, SemaphorePermit<'_>), RequestError> {
        if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
            return Err(RequestError::TooLarge);
        }
        let mut bytes = Vec::new();
        let mut held = self.hold(0)?;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| RequestError::Incomplete)?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if bytes.len() + data.len() > MAX_BODY_BYTES {
                return Err(RequestError::TooLarge);
            }
            held.merge(self.hold(data.len())?);
            bytes.extend_from_slice(&data);
        }
        Ok((bytes, held))
    }

    fn hold(&self, bytes: usize) -> Result<SemaphorePermit<'_>, RequestError> {
        let permits = u32::try_from(bytes).map_err(|_| RequestError::TooLarge)?;
        let permits = self.bodies.try_acquire_many(permits);
        permits.map_err(|_| RequestError::Busy)
    }

    fn decode(&self, format: Format, body: Vec<u8>) -> Result<Spans, RequestError> {
        let decoded = match format {
            Format::Protobuf => measure::of_protobuf(&body).ok_or(RequestError::NotProtobuf)?,
            Format::Json => measure::of_json(&body),
        };
        if decoded > MAX_DECODED_BYTES {
            return Err(RequestError::TooLargeDecoded);
        }
        let body = match format {
            Format::Protobuf => body,
            Format::Json => {
                let request = otlp_json::decode(&body).map_err(RequestError::NotJson)?;
                request.encode_to_vec()
            }
        };
        let learn = |owner, attributes: &[_]| self.store.learn(owner, attributes);
        split(body.into(), &learn).map_err(|_| RequestError::NotProtobuf)
    }
}

fn accepted(rejections: &Rejections, format: Format) -> Response {
    let rejected = rejections.total();
    let message = rejections.message();
    let body = match format {
        Format::Protobuf => {
            let partial_success = (rejected > 0).then(|| ExportTracePartialSuccess {
                rejected_spans: i64::try_from(rejected).unwrap_or(i64::MAX),
                error_message: message,
            });
            ExportTraceServiceResponse { partial_success }.encode_to_vec()
        }
        Format::Json if rejected == 0 => b"{}".to_vec(),
        // A 64-bit integer is a string in protobuf's JSON.
        Format::Json => json!({ "partialSuccess": {
            "rejectedSpans": rejected.to_string(),
            "errorMessage": message,
        } })
        .to_string()
        .into_bytes(),
    };
    ([(CONTENT_TYPE, format.media_type())], body).into_response()
}

fn error_response(error: &RequestError, format: Format) -> Response {
    let status = error.status();
    let mut response = Status::new(status, error.to_string()).response(status, format);
    match error {
        RequestError::ContentEncoding(_) => {
            let allowed = HeaderValue::from_static(Coding::ALLOWED);
            response.headers_mut().insert(ACCEPT_ENCODING, allowed);
        }
        RequestError::Busy => {
            response.headers_mut().insert(RETRY_AFTER, PAUSE);
        }
        RequestError::Late => {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        _ => {}
    }
    response
}

async fn only_post(method: Method, headers: HeaderMap) -> Response {
    let message = format!("{method} is not allowed: send traces with POST");
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let format = Format::of(&headers).unwrap_or(Format::Json);
    Status::new(status, message).response(status, format)
}

async fn only_traces(uri: Uri, headers: HeaderMap) -> Response {
    let path: String = uri.path().chars().take(100).collect();
    let message = format!("unknown path {path:?}: send traces to /v1/traces");
    let status = StatusCode::NOT_FOUND;
    let format = Format::of(&headers).unwrap_or(Format::Json);
    Status::new(status, message).response(status, format)
}

impl From<UnpackError> for RequestError {
    fn from(error: UnpackError) -> Self {
        match error {
            UnpackError::NotGzip => Self::NotGzip,
            UnpackError::TooLarge(_) => Self::TooLargeUnpacked,
        }
    }
}
