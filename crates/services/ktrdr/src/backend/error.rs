//! What can go wrong, and how the client hears of it.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use service::Problem;

use crate::jobs::Mistake;
use crate::jobs::market::Symbol;
use crate::protocol::{IDS, MAX_OUTCOME, OperationType, Status};

/// Every error of the backend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// 422: a parameter of an operation is out of range.
    #[error(transparent)]
    Parameter(#[from] Mistake),
    /// 422: a parameter of another request is out of range.
    #[error("{field}: {given} is not allowed, only 1 to {high}")]
    Range {
        field: &'static str,
        given: u32,
        high: u32,
    },
    /// 404: there is no such symbol.
    #[error("there is no symbol {0:?}; there are {known}", known = Symbol::ALL.map(Symbol::as_str).join(", "))]
    UnknownSymbol(String),
    /// 503: every worker is busy and so many operations wait already that another would have to
    /// wait too long.
    #[error(
        "no {kind} worker is free and {waiting} operations wait already; try again later",
        kind = operation_type.as_str()
    )]
    QueueFull {
        operation_type: OperationType,
        waiting: usize,
    },
    /// 404: never started, or ended so long ago that it was forgotten.
    #[error("there is no operation {0:?}; only the last ones to end are kept")]
    UnknownOperation(String),
    /// 409: what has ended cannot be cancelled.
    #[error("operation {id} is {status} already", status = status.as_str())]
    Ended { id: String, status: Status },
    /// 409: the report is about an attempt that was given up.
    #[error("attempt {attempt} of operation {id} is not running; its result is not wanted")]
    LateReport { id: String, attempt: u32 },
    /// 404: a worker that has to register, again or for the first time.
    #[error("worker {0:?} holds no such lease; register")]
    NoLease(String),
    /// 422: a field of a body that should be an id.
    #[error("{0}: {IDS}")]
    Id(&'static str),
    /// 422: a report that is too long to be kept.
    #[error("outcome: {0} bytes are not allowed, only up to {MAX_OUTCOME}")]
    Outcome(usize),
    /// 422: a worker that has done less than nothing or more than all.
    #[error("progress: {0} is not allowed, only 0 to 1")]
    Progress(String),
    /// 422: a worker that could not be reached there.
    #[error("url: {0}")]
    WorkerUrl(String),
    /// 503: so many workers that something is wrong.
    #[error("{0} workers are registered already; no more are taken")]
    TooManyWorkers(usize),
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::Parameter(_)
            | Self::Range { .. }
            | Self::Id(_)
            | Self::Outcome(_)
            | Self::Progress(_)
            | Self::WorkerUrl(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::UnknownSymbol(_) | Self::UnknownOperation(_) | Self::NoLease(_) => {
                StatusCode::NOT_FOUND
            }
            Self::Ended { .. } | Self::LateReport { .. } => StatusCode::CONFLICT,
            Self::QueueFull { .. } | Self::TooManyWorkers(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        Problem::new(self.status(), self.to_string()).into_response()
    }
}
