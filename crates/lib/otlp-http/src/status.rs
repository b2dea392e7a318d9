//! `google.rpc.Status`, the body of every error answer.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use prost::encoding::{int32, string};
use serde_json::json;

use crate::Format;

/// The gRPC codes that a receiver uses. OTLP/HTTP clients rely on the HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The request is invalid, and repeating it does not help.
    InvalidArgument = 3,
    /// The request did not arrive in time.
    DeadlineExceeded = 4,
    /// The request exceeds a limit.
    ResourceExhausted = 8,
    /// The method does not exist.
    Unimplemented = 12,
    /// The same request may succeed later.
    Unavailable = 14,
}

impl Code {
    /// The code that corresponds to an HTTP status.
    fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Self::Unimplemented,
            StatusCode::REQUEST_TIMEOUT => Self::DeadlineExceeded,
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::TOO_MANY_REQUESTS => {
                Self::ResourceExhausted
            }
            status if status.is_server_error() => Self::Unavailable,
            _ => Self::InvalidArgument,
        }
    }
}

/// Why a request is rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The kind of error.
    pub code: Code,
    /// What was wrong, as text for people.
    pub message: String,
}

impl Status {
    /// The status for the HTTP status `http`.
    #[must_use]
    pub fn new(http: StatusCode, message: impl Into<String>) -> Self {
        Self {
            code: Code::of(http),
            message: message.into(),
        }
    }

    /// An answer with the HTTP status `http`, in the format of the request.
    #[must_use]
    pub fn response(&self, http: StatusCode, format: Format) -> Response {
        let body = match format {
            Format::Protobuf => self.protobuf(),
            Format::Json => json!({ "code": self.code as i32, "message": self.message })
                .to_string()
                .into_bytes(),
        };
        (http, [(CONTENT_TYPE, format.media_type())], body).into_response()
    }

    fn protobuf(&self) -> Vec<u8> {
        let mut body = Vec::new();
        int32::encode(1, &(self.code as i32), &mut body);
        string::encode(2, &self.message, &mut body);
        body
    }
}
