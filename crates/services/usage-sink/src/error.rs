//! Why a delivery was rejected, and the HTTP answer to its sender.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use database::DatabaseError;
use service::Problem;

use crate::delivery::{MAX_PACKED, MAX_RECORDS, MAX_UNPACKED};

/// An error of this service. The status determines what happens to the events: an OTLP exporter
/// repeats a delivery after a 503, and drops it after the other statuses.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// 415: not JSON.
    #[error("the Content-Type is not supported; use application/json")]
    ContentType,
    /// 415: an unsupported compression.
    #[error("the Content-Encoding is not supported; use gzip or identity")]
    ContentEncoding,
    /// 413: too large as received.
    #[error("the body is larger than the {MAX_PACKED} bytes allowed")]
    TooLarge,
    /// 413: too large when decompressed.
    #[error("the decompressed body is larger than the {MAX_UNPACKED} bytes allowed")]
    TooLargeUnpacked,
    /// 413: more records than the memory has room for.
    #[error("the delivery has more than the {MAX_RECORDS} log records allowed")]
    TooMany,
    /// 400: the connection broke.
    #[error("the body is incomplete")]
    Incomplete,
    /// 400: declared as gzip, but invalid or truncated.
    #[error("the body is not valid gzip, although its Content-Encoding is gzip")]
    NotGzip,
    /// 400: not OTLP, with the line and column of the mistake.
    #[error("the body is not an OTLP ExportLogsServiceRequest in JSON: {0}")]
    Malformed(String),
    /// 503: no delivery is accepted now.
    #[error("no delivery can be accepted now; try again later")]
    Busy,
    /// 503: the database is unavailable, not ready, or has no free connection in time.
    #[error("the database for the events does not answer; try again later")]
    DatabaseUnavailable(#[from] DatabaseError),
}

/// Maximum length of an explanation in bytes: serde's may repeat whole texts of the body.
const MAX_REASON: usize = 200;

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        let reason = error.to_string();
        if reason.len() <= MAX_REASON {
            return Self::Malformed(reason);
        }
        let (line, column) = (error.line(), error.column());
        Self::Malformed(format!("invalid type at line {line} column {column}"))
    }
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::ContentType | Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge | Self::TooLargeUnpacked | Self::TooMany => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Incomplete | Self::NotGzip | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Busy | Self::DatabaseUnavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Logs the error. Database errors have already been logged.
    pub(crate) fn log(&self) {
        match self {
            Self::DatabaseUnavailable(_) => {}
            Self::Busy => tracing::warn!(reason = %self, "Delivery refused: it will be repeated"),
            _ => tracing::warn!(reason = %self, "Delivery rejected: its events are lost"),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        Problem::new(self.status(), self.to_string()).into_response()
    }
}
