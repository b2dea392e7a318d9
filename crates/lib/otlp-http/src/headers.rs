//! The headers that say what a body is.

use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

/// How the messages of a request and of its answer are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Binary protobuf.
    Protobuf,
    /// Protobuf's JSON, with OTLP's exceptions: ids are hexadecimal, enums are numbers.
    Json,
}

impl Format {
    /// The format that `Content-Type` names. None for another one, and where there is no such header.
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

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// Not at all.
    Identity,
    /// gzip, once.
    Gzip,
}

/// Another `Content-Encoding` than gzip, or several of them; with its value, up to 100 characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Content-Encoding {0:?} is not supported; allowed are gzip and identity")]
pub struct UnknownCoding(pub String);

impl Coding {
    /// The value of `Accept-Encoding` in the answer to an [`UnknownCoding`].
    pub const ALLOWED: &str = "gzip, identity";

    /// The coding that `Content-Encoding` names: in any case, in one header line or several,
    /// `identity` and empty ones left out. `x-gzip` is gzip (RFC 9110, section 8.4.1.3).
    ///
    /// # Errors
    /// When it is not one of these.
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

/// A header as text, several of that name as one list; empty where there is none.
fn list(headers: &HeaderMap, name: &HeaderName) -> String {
    let values = headers.get_all(name).iter().map(HeaderValue::as_bytes);
    let values: Vec<_> = values.map(String::from_utf8_lossy).collect();
    values.join(",")
}
