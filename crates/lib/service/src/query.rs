//! Query strings with a bounded length, and errors that explain what is wrong.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query as AxumQuery};
use axum::http::StatusCode;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use crate::Problem;

/// The maximum length of a query string in bytes; the longest useful one here has about 60.
const MAX_BYTES: usize = 1024;

/// The query string as a `T`.
///
/// # Errors
/// 414 if it is longer than 1024 bytes; 422 naming the parameter if one is missing, unknown, given
/// twice or malformed, or if the text is not UTF-8.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let text = parts.uri.query().unwrap_or_default();
        if text.len() > MAX_BYTES {
            let detail = format!(
                "the query string has {} bytes, allowed are {MAX_BYTES}",
                text.len()
            );
            return Err(Problem::new(StatusCode::URI_TOO_LONG, detail));
        }
        // Without escapes it is text already.
        if text.contains('%') && percent_decode_str(text).decode_utf8().is_err() {
            let detail = "the query string is not UTF-8 after decoding its %-escapes";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
        }
        if let Ok(value) = serde_urlencoded::from_str(text) {
            return Ok(Self(value));
        }
        // Once more, by the parser that knows which parameter is wrong and costs twice as much.
        AxumQuery::try_from_uri(&parts.uri)
            .map(|AxumQuery(value)| Self(value))
            .map_err(|rejection| {
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, explain(&rejection))
            })
    }
}

/// The innermost message, which names the parameter, without axum's preamble.
fn explain(rejection: &QueryRejection) -> String {
    let text = rejection.body_text();
    let (_, reason) = text.split_once(": ").unwrap_or(("", &text));
    reason.to_owned()
}
