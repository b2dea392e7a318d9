//! What can go wrong, and how the client hears of it.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use database::DatabaseError;
use service::Problem;

/// Every error of this service. Logged where it happens, never here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// 404: the client named a die that does not exist; the answer lists those that do.
    #[error("there is no die {identifier:?}; there are {}", known.join(", "))]
    UnknownDie {
        identifier: String,
        known: Vec<String>,
    },
    /// 503: the database is away, not ready, or has no connection to spare in time.
    #[error("the database with the dice does not answer; try again later")]
    DatabaseUnavailable(#[from] DatabaseError),
    /// 500: somebody wrote into the database what no die can be.
    #[error("the die {0:?} is broken: its specification cannot be rolled")]
    BrokenDie(String),
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::UnknownDie { .. } => StatusCode::NOT_FOUND,
            Self::DatabaseUnavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::BrokenDie(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        Problem::new(self.status(), self.to_string()).into_response()
    }
}
