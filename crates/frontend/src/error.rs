//! What can go wrong, and how the client hears of it.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use service::Problem;

/// Every error of this service. Logged where it happens, never here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The roller's own status and words: it documents them for clients.
    #[error("{detail}")]
    Roller { status: StatusCode, detail: String },
    /// 503: dice-roller cannot be reached or is broken; it may be back soon.
    #[error("dice-roller is not available; try again later")]
    RollerUnavailable,
    /// 504: dice-roller did not answer in time.
    #[error("dice-roller did not answer in time; try again later")]
    RollerTimeout,
}

impl Error {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Roller { status, .. } => *status,
            Self::RollerUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::RollerTimeout => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        Problem::new(self.status(), self.to_string()).into_response()
    }
}
