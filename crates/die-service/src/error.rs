//! What can go wrong, and how the client hears of it.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use service::Problem;

/// Every error of this service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// 404: the client named a die that does not exist; the answer lists those that do.
    #[error("there is no die {identifier:?}; there are {}", known.join(", "))]
    UnknownDie {
        identifier: String,
        known: Vec<String>,
    },
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::UnknownDie { .. } => StatusCode::NOT_FOUND,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        Problem::new(self.status(), self.to_string()).into_response()
    }
}
