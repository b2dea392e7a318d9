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
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use otlp_http::{Coding, Format, Status, UnpackError, unpack};
use prost::Message;
use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::refusal::Refusal;
use crate::rejection::Rejections;
use crate::{Store, measure, otlp_json};

/// The largest request body, in bytes, as it comes and once it is unpacked (8 MiB).
pub const MAX_BODY_BYTES: usize = 8 << 20;

/// How much the bodies of all requests that have not been answered yet may take, in bytes (32 MiB).
pub const MAX_BODIES_BYTES: usize = 32 << 20;

/// How much a request may take once it is decoded, in bytes (64 MiB).
pub const MAX_DECODED_BYTES: usize = 64 << 20;

/// How long a body may take to arrive.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Seconds until it is worth trying again.
const PAUSE: HeaderValue = HeaderValue::from_static("1");

struct Receiver {
    store: Store,
    /// A permit for each byte of a body.
    bodies: Semaphore,
    /// One request at a time is unpacked and decoded: it may take many times its body.
    decoder: Semaphore,
}

/// The OTLP receiver, to be served on a listener of its own (OTLP's port is 4318).
///
/// Takes `application/x-protobuf` and `application/json`, packed with gzip or not. Answers 200 with an
/// `ExportTraceServiceResponse`, in which the spans that are not taken are reported, see
/// [`Rejection`](crate::Rejection). A refusal is a `google.rpc.Status`, in the format of the request:
///
/// | status | when |
/// |---|---|
/// | 400 | the body is not an `ExportTraceServiceRequest`, not gzip though it says so, or cut short |
/// | 408 | the body did not arrive within [`BODY_TIMEOUT`] |
/// | 413 | more than [`MAX_BODY_BYTES`], packed or unpacked, or more than [`MAX_DECODED_BYTES`] |
/// | 415 | another `Content-Type` or `Content-Encoding` |
/// | 503 | the bodies of all requests exceed [`MAX_BODIES_BYTES`]; OTLP senders try again |
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
        None => Err(Refusal::content_type(&headers)),
    };
    // What is not OTLP comes from a person, who reads JSON.
    let format = format.unwrap_or(Format::Json);
    match answer {
        Ok(rejections) => accepted(&rejections, format),
        Err(refusal) => {
            receiver.store.refused(refusal.status().as_u16());
            refused(&refusal, format)
        }
    }
}

impl Receiver {
    async fn take(
        &self,
        format: Format,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Rejections, Refusal> {
        let coding = Coding::of(headers)?;
        let body = timeout(BODY_TIMEOUT, self.read(body)).await;
        let (body, _held) = body.map_err(|_| Refusal::Late)??;
        let decoding = self.decoder.acquire().await;
        let _decoding = decoding.expect("the semaphore is never closed");
        let body = match coding {
            Coding::Identity => body,
            Coding::Gzip => unpack(&body, MAX_BODY_BYTES)?,
        };
        let request = decode(format, &body)?;
        Ok(self.store.receive(request))
    }

    /// The body, and the permits for its bytes.
    async fn read(&self, mut body: Body) -> Result<(Vec<u8>, SemaphorePermit<'_>), Refusal> {
        if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
            return Err(Refusal::TooLarge);
        }
        let mut bytes = Vec::new();
        let mut held = self.hold(0)?;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Refusal::Incomplete)?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if bytes.len() + data.len() > MAX_BODY_BYTES {
                return Err(Refusal::TooLarge);
            }
            held.merge(self.hold(data.len())?);
            bytes.extend_from_slice(&data);
        }
        Ok((bytes, held))
    }

    fn hold(&self, bytes: usize) -> Result<SemaphorePermit<'_>, Refusal> {
        let permits = u32::try_from(bytes).map_err(|_| Refusal::TooLarge)?;
        let permits = self.bodies.try_acquire_many(permits);
        permits.map_err(|_| Refusal::Busy)
    }
}

fn decode(format: Format, body: &[u8]) -> Result<ExportTraceServiceRequest, Refusal> {
    let decoded = match format {
        Format::Protobuf => measure::of_protobuf(body).ok_or(Refusal::NotProtobuf)?,
        Format::Json => measure::of_json(body),
    };
    if decoded > MAX_DECODED_BYTES {
        return Err(Refusal::TooLargeDecoded);
    }
    match format {
        Format::Protobuf => {
            ExportTraceServiceRequest::decode(body).map_err(|_| Refusal::NotProtobuf)
        }
        Format::Json => otlp_json::decode(body).map_err(Refusal::NotJson),
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

fn refused(refusal: &Refusal, format: Format) -> Response {
    let status = refusal.status();
    let mut response = Status::new(status, refusal.to_string()).response(status, format);
    match refusal {
        Refusal::ContentEncoding(_) => {
            let allowed = HeaderValue::from_static(Coding::ALLOWED);
            response.headers_mut().insert(ACCEPT_ENCODING, allowed);
        }
        Refusal::Busy => {
            response.headers_mut().insert(RETRY_AFTER, PAUSE);
        }
        Refusal::Late => {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        _ => {}
    }
    response
}

async fn only_post(method: Method, headers: HeaderMap) -> Response {
    let message = format!("{method} is not allowed here: send traces with POST");
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let format = Format::of(&headers).unwrap_or(Format::Json);
    Status::new(status, message).response(status, format)
}

async fn only_traces(uri: Uri, headers: HeaderMap) -> Response {
    let path: String = uri.path().chars().take(100).collect();
    let message = format!("mini-tempo receives nothing at {path:?}: send traces to /v1/traces");
    let status = StatusCode::NOT_FOUND;
    let format = Format::of(&headers).unwrap_or(Format::Json);
    Status::new(status, message).response(status, format)
}

impl From<UnpackError> for Refusal {
    fn from(error: UnpackError) -> Self {
        match error {
            UnpackError::NotGzip => Self::NotGzip,
            UnpackError::TooLarge(_) => Self::TooLargeUnpacked,
        }
    }
}
