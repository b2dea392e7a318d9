//! The errors of dice-roller and their HTTP answers.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use dice::{NameTooLong, OWN_FAILURE, RollFailed};
use service::Problem;

/// An error of this service. Errors are logged where they occur, not here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// 404: the client named an unknown die. `known` names the dice, or where they are listed.
    #[error("there is no die {identifier:?}; {known}")]
    UnknownDie { identifier: String, known: String },
    /// 404: the name is too long for any die.
    #[error(transparent)]
    NameTooLong(#[from] NameTooLong),
    /// 500: a simulated failure, caused by the die's error rate.
    #[error("the roll {OWN_FAILURE}; try again")]
    RollFailed,
    /// 500: simulated failures in a batch; its other rolls were made and counted.
    #[error("{failed} of {count} rolls {OWN_FAILURE}; try again")]
    BatchFailed { failed: usize, count: u8 },
    /// 503: rolls need random numbers.
    #[error("random numbers are not available; try again later")]
    NoRandomNumbers,
    /// 503: the specification is not one that this version can use.
    #[error("the specification of the die cannot be used; try again later")]
    UnusableSpecification,
    /// 500: a bug in this program; the log has the cause.
    #[error("internal error; the log of this service has the cause")]
    Broken,
    /// 503: die-service cannot be reached or is broken; it may recover.
    #[error("die-service is not available; try again later")]
    DieServiceUnavailable,
    /// 503: die-service failed; `detail` is from its answer.
    #[error("die-service answered {status}: {detail}", status = status.as_u16())]
    DieServiceFailed { status: StatusCode, detail: String },
    /// 503: die-service answers, but its database is unavailable.
    #[error("die-service's database is not available; try again later")]
    DatabaseUnavailable,
    /// 504: die-service did not answer in time.
    #[error("die-service did not answer in time; try again later")]
    DieServiceTimeout,
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::UnknownDie { .. } | Self::NameTooLong(_) => StatusCode::NOT_FOUND,
            Self::RollFailed | Self::BatchFailed { .. } | Self::Broken => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::NoRandomNumbers
            | Self::UnusableSpecification
            | Self::DieServiceUnavailable
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
