//! What can go wrong, and how the client hears of it.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use dice::{NameTooLong, RollFailed};
use service::Problem;

/// Every error of this service. Logged where it happens, never here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// 404: the client named a die that does not exist.
    #[error("there is no die {0:?}")]
    UnknownDie(String),
    /// 404: no die has such a long name.
    #[error(transparent)]
    NameTooLong(#[from] NameTooLong),
    /// 500: the die's error rate struck. That is what some dice are for.
    #[error("the roll failed, as this die's rolls do now and then; try again")]
    RollFailed,
    /// 500: the same in a batch; its other rolls were made and counted.
    #[error("{failed} of {count} rolls failed, as this die's rolls do now and then; try again")]
    BatchFailed { failed: usize, count: u8 },
    /// 500: a mistake in this program, which its log explains.
    #[error("this service made a mistake; its log has the cause")]
    Broken,
    /// 503: die-service cannot be reached or is broken; it may be back soon.
    #[error("die-service is not available; try again later")]
    DieServiceUnavailable,
    /// 503: die-service is there and failed, and this is what it said.
    #[error("die-service answered {status}: {detail}", status = status.as_u16())]
    DieServiceFailed { status: StatusCode, detail: String },
    /// 503: die-service is there, but its database is not.
    #[error("die-service's database is not available; try again later")]
    DatabaseUnavailable,
    /// 504: die-service did not answer in time.
    #[error("die-service did not answer in time; try again later")]
    DieServiceTimeout,
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::UnknownDie(_) | Self::NameTooLong(_) => StatusCode::NOT_FOUND,
            Self::RollFailed | Self::BatchFailed { .. } | Self::Broken => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::DieServiceUnavailable
            | Self::DieServiceFailed { .. }
            | Self::DatabaseUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::DieServiceTimeout => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}

impl From<RollFailed> for Error {
    fn from(RollFailed: RollFailed) -> Self {
        Self::RollFailed
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        Problem::new(self.status(), self.to_string()).into_response()
    }
}
