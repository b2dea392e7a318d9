//! Every error of this service, with its status and its text.

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use dice::NameTooLong;
use service::Problem;

use crate::session::MAX_FORM_BYTES;

/// Every error of this service. Errors are logged where they happen, not here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Status and detail as documented and sent by dice-roller.
    #[error("{detail}")]
    Roller {
        status: StatusCode,
        detail: String,
        /// The `Retry-After` of a 503.
        retry_after: Option<HeaderValue>,
    },
    /// 404: the name is longer than that of any die.
    #[error(transparent)]
    DieNameTooLong(#[from] NameTooLong),
    /// 503: dice-roller cannot be reached or is broken; it may recover soon.
    #[error("dice-roller is not available; try again later")]
    RollerUnavailable,
    /// 504: dice-roller did not answer in time.
    #[error("dice-roller did not answer in time; try again later")]
    RollerTimeout,
    /// 422: the text is not a valid name.
    #[error("a name has 1 to 32 characters, none of them control characters")]
    NotAName,
    /// 422: the body is not the sign-in form.
    #[error("expected a UTF-8 form body with exactly one field, `name`")]
    NotASignInForm,
    /// 413: the body is longer than the form can be with the longest name.
    #[error("the form has more than {} bytes", MAX_FORM_BYTES)]
    FormTooLong,
    /// 422: the text cannot be a trace id.
    #[error("a trace id has up to 32 hexadecimal digits, not all of them 0")]
    NotATraceId,
    /// 404: the trace store has no span of the trace, perhaps not yet.
    #[error("there is no such trace, or not yet: spans arrive about a second after they end")]
    NoTrace,
    /// 501: this deployment has no trace store.
    #[error("tracing is off: this frontend was started without TRACE_QUERY_URL")]
    NoTraceStore,
    /// 503: the trace store cannot be reached or is broken; it may recover soon.
    #[error("the trace store is not available; rolls do not need it")]
    TraceStoreUnavailable,
    /// 504: the trace store did not answer in time.
    #[error("the trace store did not answer in time; rolls do not need it")]
    TraceStoreTimeout,
}

impl Error {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Roller { status, .. } => *status,
            Self::NotAName | Self::NotASignInForm | Self::NotATraceId => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::FormTooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoTrace | Self::DieNameTooLong(_) => StatusCode::NOT_FOUND,
            Self::NoTraceStore => StatusCode::NOT_IMPLEMENTED,
            Self::RollerUnavailable | Self::TraceStoreUnavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::RollerTimeout | Self::TraceStoreTimeout => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::new(error.status(), error.to_string())
    }
}

/// A response without a body that carries the problem to `render`.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let retry_after = match &self {
            Self::Roller { retry_after, .. } => retry_after.clone(),
            _ => None,
        };
        let problem = Problem::from(self);
        let mut response = problem.status.into_response();
        let retry_after = retry_after.or_else(|| problem.retry_after());
        if let Some(when) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, when);
        }
        response.extensions_mut().insert(problem);
        response
    }
}
