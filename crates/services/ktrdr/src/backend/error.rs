//! The errors of the backend and their HTTP answers.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use service::Problem;

use crate::jobs::Mistake;
use crate::jobs::market::Symbol;
use crate::protocol::{IDS, MAX_OUTCOME, OperationType, Status};

/// An error of the backend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// 422: a parameter of an operation is out of range.
    #[error(transparent)]
    Parameter(#[from] Mistake),
    /// 422: a parameter of another request is out of range.
    #[error("{field}: {given} is not allowed, expected 1 to {high}")]
    Range {
        field: &'static str,
        given: u32,
        high: u32,
    },
    /// 404: the symbol does not exist.
    #[error("unknown symbol {0:?}; the symbols are {known}", known = Symbol::ALL.map(Symbol::as_str).join(", "))]
    UnknownSymbol(String),
    /// 503: no worker is free and the queue is full.
    #[error(
        "no {kind} worker is free and {waiting} operations are waiting; try again later",
        kind = operation_type.as_str()
    )]
    QueueFull {
        operation_type: OperationType,
        waiting: usize,
    },
    /// 404: the operation was never started, or ended so long ago that it was removed.
    #[error("no operation {0:?}; old operations are removed")]
    UnknownOperation(String),
    /// 409: an ended operation cannot be cancelled.
    #[error("operation {id} has already ended with status {status}", status = status.as_str())]
    Ended { id: String, status: Status },
    /// 409: the report is for an attempt that is no longer running.
    #[error("attempt {attempt} of operation {id} is not running; its result is ignored")]
    LateReport { id: String, attempt: u32 },
    /// 404: the worker must register, for the first time or again.
    #[error("worker {0:?} does not hold this lease; register again")]
    NoLease(String),
    /// 422: a field of the body is not a valid id.
    #[error("{0}: {IDS}")]
    Id(&'static str),
    /// 422: the report is too long.
    #[error("outcome: {0} bytes are too long, at most {MAX_OUTCOME} are allowed")]
    Outcome(usize),
    /// 422: the progress of a run is out of range.
    #[error("progress: {0} is not allowed, expected 0 to 1")]
    Progress(String),
    /// 422: the worker's URL is not usable.
    #[error("url: {0}")]
    WorkerUrl(String),
    /// 503: the limit of workers is reached.
    #[error("{0} workers are registered, which is the limit")]
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
