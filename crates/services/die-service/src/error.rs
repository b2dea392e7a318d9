//! The errors of die-service and their HTTP answers.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use database::DatabaseError;
use dice::NameTooLong;
use service::Problem;

/// An error of this service. Errors are logged where they occur, not here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// 404: the client named an unknown die. The cost of the answer does not depend on the number
    /// of dice.
    #[error("there is no die {0:?}; GET /dice lists those there are")]
    UnknownDie(String),
    /// 404: the name is too long for any die.
    #[error(transparent)]
    NameTooLong(#[from] NameTooLong),
    /// 503: the database is unavailable, not ready, or has no free connection in time.
    #[error("{}", dice::DATABASE_UNAVAILABLE)]
    DatabaseUnavailable(#[from] DatabaseError),
    /// 503: the dice could not be read this time.
    #[error("the dice cannot be read; try again later")]
    Unreadable,
    /// 500: the database contains an invalid specification.
    #[error("the die {0:?} has an invalid specification in the database")]
    BrokenDie(String),
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::UnknownDie(_) | Self::NameTooLong(_) => StatusCode::NOT_FOUND,
            Self::DatabaseUnavailable(_) | Self::Unreadable => StatusCode::SERVICE_UNAVAILABLE,
            Self::BrokenDie(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        Problem::new(self.status(), self.to_string()).into_response()
    }
}
