//! Why a request is rejected as a whole.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use otlp_http::UnknownCoding;

use crate::receiver::{BODY_TIMEOUT, MAX_BODIES_BYTES, MAX_BODY_BYTES, MAX_DECODED_BYTES};

/// Each variant has one status.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    /// 415
    #[error("Content-Type {0:?} is not supported; use application/x-protobuf or application/json")]
    ContentType(String),
    /// 415
    #[error(transparent)]
    ContentEncoding(#[from] UnknownCoding),
    /// 413
    #[error("the body is larger than {MAX_BODY_BYTES} bytes; send fewer spans in one request")]
    TooLarge,
    /// 413
    #[error(
        "the decompressed body is larger than {MAX_BODY_BYTES} bytes; send fewer spans in one request"
    )]
    TooLargeUnpacked,
    /// 413
    #[error(
        "the spans take more than {MAX_DECODED_BYTES} bytes of memory; send fewer spans in one request"
    )]
    TooLargeDecoded,
    /// 400
    #[error("the body is incomplete")]
    Incomplete,
    /// 408
    #[error("the body did not arrive within {} s", BODY_TIMEOUT.as_secs())]
    Late,
    /// 400
    #[error("the body is not valid gzip, although its Content-Encoding is gzip")]
    NotGzip,
    /// 400
    #[error("the body is not an OTLP ExportTraceServiceRequest in protobuf")]
    NotProtobuf,
    /// 400, with the mistake and its position
    #[error("the body is not an OTLP ExportTraceServiceRequest in JSON: {0}")]
    NotJson(String),
    /// 503
    #[error("the bodies of all requests together exceed {MAX_BODIES_BYTES} bytes; try again later")]
    Busy,
}

impl RequestError {
    /// The error for an unsupported content type, shown up to 100 characters.
    pub(crate) fn content_type(headers: &HeaderMap) -> Self {
        let value = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        let text = String::from_utf8_lossy(value.unwrap_or_default());
        Self::ContentType(text.chars().take(100).collect())
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::ContentType(_) | Self::ContentEncoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge | Self::TooLargeUnpacked | Self::TooLargeDecoded => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Incomplete | Self::NotGzip | Self::NotProtobuf | Self::NotJson(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::Late => StatusCode::REQUEST_TIMEOUT,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}
