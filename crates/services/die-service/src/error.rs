//! What can go wrong, and how the client hears of it.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use database::DatabaseError;
use dice::NameTooLong;
use service::Problem;

/// Every error of this service. Logged where it happens, never here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// 404: the client named a die that does not exist. The answer costs the same however many dice
    /// there are.
    #[error("there is no die {0:?}; GET /dice lists those there are")]
    UnknownDie(String),
    /// 404: no die has such a long name.
    #[error(transparent)]
    NameTooLong(#[from] NameTooLong),
    /// 503: the database is away, not ready, or has no connection to spare in time.
    #[error("{}", dice::DATABASE_UNAVAILABLE)]
    DatabaseUnavailable(#[from] DatabaseError),
    /// 500: somebody wrote into the database what no die can be.
    #[error("the die {0:?} is broken: its specification cannot be rolled")]
    BrokenDie(String),
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::UnknownDie(_) | Self::NameTooLong(_) => StatusCode::NOT_FOUND,
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
