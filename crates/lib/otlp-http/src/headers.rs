//! The headers that describe a body.

use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

/// The encoding of the messages of a request and of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Binary protobuf.
    Protobuf,
    /// Protobuf's JSON mapping, with OTLP's exceptions: ids are hexadecimal, enums are numbers.
    Json,
}

impl Format {
    /// The format that `Content-Type` names; none for another value or without the header.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let content_type = list(headers, &CONTENT_TYPE);
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        let formats = [Self::Protobuf, Self::Json];
        let mut formats = formats.into_iter();
        formats.find(|format| media_type.eq_ignore_ascii_case(format.media_type()))
    }

    /// The value of `Content-Type`.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// The compression of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// No compression.
    Identity,
    /// A single gzip compression.
    Gzip,
}

/// A `Content-Encoding` other than gzip, or several of them; its value, up to 100 characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Content-Encoding {0:?} is not supported; use gzip or identity")]
pub struct UnknownCoding(pub String);

impl Coding {
    /// The value of `Accept-Encoding` in the answer to an [`UnknownCoding`].
    pub const ALLOWED: &str = "gzip, identity";

    /// The coding that `Content-Encoding` names, in any case and in one or several header lines;
    /// `identity` and empty values are ignored. `x-gzip` means gzip (RFC 9110, section 8.4.1.3).
    ///
    /// # Errors
    /// [`UnknownCoding`] for any other value.
    pub fn of(headers: &HeaderMap) -> Result<Self, UnknownCoding> {
        let named = list(headers, &CONTENT_ENCODING);
        let lower = named.to_ascii_lowercase();
        let codings = lower.split(',').map(str::trim);
        let mut codings = codings.filter(|coding| !matches!(*coding, "" | "identity"));
        match (codings.next(), codings.next()) {
            (None, _) => Ok(Self::Identity),
            (Some("gzip" | "x-gzip"), None) => Ok(Self::Gzip),
            _ => Err(UnknownCoding(named.chars().take(100).collect())),
        }
    }
}

/// A header as text, with repeated lines joined into one list; empty if missing.
fn list(headers: &HeaderMap, name: &HeaderName) -> String {
    let values = headers.get_all(name).iter().map(HeaderValue::as_bytes);
    let values: Vec<_> = values.map(String::from_utf8_lossy).collect();
    values.join(",")
}
