//! Errors as the client sees them: a status and `{"detail": "..."}`.

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// The maximum length of a detail in bytes. A longer one contains text from a client.
const MAX_DETAIL: usize = 1024;

/// An error answer. Also stored in the response's extensions, for code that extends it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(description = "An error.")]
pub struct Problem {
    /// The HTTP status.
    #[serde(skip)]
    pub status: StatusCode,
    /// What was wrong and what is allowed, for people. Never the error text of a dependency.
    #[schema(max_length = 1024)]
    pub detail: String,
}

impl Problem {
    /// A problem with that status and text; a 503 also has a `Retry-After`. If the text has more
    /// than 1024 bytes, its middle is omitted: what was wrong is at its start, what is allowed at
    /// its end.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let mut detail = detail.into();
        if detail.len() > MAX_DETAIL {
            detail = without_middle(&detail);
        }
        Self { status, detail }
    }

    /// The value of `Retry-After` for a 503, in seconds. It is short, because a dependency can be
    /// used as soon as it is back.
    pub fn retry_after(&self) -> Option<HeaderValue> {
        let away = self.status == StatusCode::SERVICE_UNAVAILABLE;
        away.then(|| HeaderValue::from_static("1"))
    }
}

/// `text` cut to [`MAX_DETAIL`] bytes, between characters.
fn without_middle(text: &str) -> String {
    const GAP: &str = " [...] ";
    let half = (MAX_DETAIL - GAP.len()) / 2;
    let start = text.floor_char_boundary(half);
    let end = text.ceil_char_boundary(text.len() - half);
    format!("{}{GAP}{}", &text[..start], &text[end..])
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(&self)).into_response();
        if let Some(pause) = self.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, pause);
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_503_says_when_to_come_back() {
        for (status, pause) in [
            (StatusCode::SERVICE_UNAVAILABLE, Some("1")),
            (StatusCode::GATEWAY_TIMEOUT, None),
            (StatusCode::NOT_FOUND, None),
        ] {
            let answer = Problem::new(status, "away").into_response();
            let header = answer.headers().get(RETRY_AFTER);
            assert_eq!(header.and_then(|it| it.to_str().ok()), pause, "{status}");
        }
    }

    #[test]
    fn a_long_detail_keeps_its_start_and_its_end() {
        for letter in ["a", "é", "\u{1F3B2}"] {
            let long = format!("no variant {}, only AAPL", letter.repeat(20_000));
            let detail = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, long).detail;
            assert!(
                (1000..=MAX_DETAIL).contains(&detail.len()),
                "{}",
                detail.len()
            );
            assert!(detail.starts_with("no variant") && detail.ends_with(", only AAPL"));
        }
        let short = "é".repeat(MAX_DETAIL / 2);
        let detail = Problem::new(StatusCode::NOT_FOUND, &*short).detail;
        assert_eq!(detail, short);
    }
}
