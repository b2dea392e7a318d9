//! Why a delivery was not taken, and how the sender hears of it.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use database::DatabaseError;
use service::Problem;

use crate::delivery::{MAX_PACKED, MAX_RECORDS, MAX_UNPACKED};

/// Every error of this service. The status decides what becomes of the events: an OTLP exporter
/// repeats a delivery after a 503, and drops it after any other of these.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// 415: something else than JSON.
    #[error("that Content-Type is not taken; allowed is application/json")]
    ContentType,
    /// 415: packed in a way that is not known here.
    #[error("that Content-Encoding is not taken; allowed are gzip and identity")]
    ContentEncoding,
    /// 413: too large as it came.
    #[error("the body is larger than the {MAX_PACKED} bytes allowed")]
    TooLarge,
    /// 413: too large once unpacked.
    #[error("the body is larger than the {MAX_UNPACKED} bytes allowed once it is unpacked")]
    TooLargeUnpacked,
    /// 413: more records than are kept in memory at once.
    #[error("the delivery has more than the {MAX_RECORDS} log records allowed")]
    TooMany,
    /// 400: the connection broke.
    #[error("the body did not arrive in full")]
    Incomplete,
    /// 400: it says gzip and is none, or is cut short.
    #[error("the body is not gzip, as its Content-Encoding says")]
    NotGzip,
    /// 400: no OTLP, with the line and column of the mistake.
    #[error("the body is not an OTLP ExportLogsServiceRequest in JSON: {0}")]
    Malformed(String),
    /// 503: the database is away, not ready, or has no connection to spare in time.
    #[error("the database for the events does not answer; try again later")]
    DatabaseUnavailable(#[from] DatabaseError),
}

/// Longest explanation in bytes: serde's may repeat whole texts of the body.
const MAX_REASON: usize = 200;

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        let reason = error.to_string();
        if reason.len() <= MAX_REASON {
            return Self::Malformed(reason);
        }
        let (line, column) = (error.line(), error.column());
        Self::Malformed(format!("a wrong type at line {line} column {column}"))
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
            Self::DatabaseUnavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The one line about it. The database has written its own.
    pub(crate) fn log(&self) {
        if !matches!(self, Self::DatabaseUnavailable(_)) {
            tracing::warn!(reason = %self, "Delivery refused: its events are lost");
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        Problem::new(self.status(), self.to_string()).into_response()
    }
}
