//! A request from its body, packed or not, to the text of each log record in it.

use std::io::Read;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use crate::error::Error;

/// The largest body as it comes, in bytes. Alloy's 500 lines are 470 KB, 50 KB as gzip.
pub(crate) const MAX_PACKED: usize = 2 << 20;

/// The largest body once unpacked, in bytes: gzip makes a thousand of one.
pub(crate) const MAX_UNPACKED: usize = 8 << 20;

/// The body of each record, in order; none where it is no text.
pub(crate) type Texts = Vec<Option<String>>;

/// Reads a delivery.
///
/// # Errors
/// All but the database's.
pub(crate) fn read(
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Texts, Error> {
    let packed = is_packed(headers)?;
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge,
        _ => Error::Incomplete,
    })?;
    if packed {
        texts(&unpack(&body)?)
    } else {
        texts(&body)
    }
}

/// Whether the body is gzip.
fn is_packed(headers: &HeaderMap) -> Result<bool, Error> {
    let content_type = text(headers, &CONTENT_TYPE);
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(Error::ContentType);
    }
    let encodings = text(headers, &CONTENT_ENCODING).to_ascii_lowercase();
    let encodings = encodings.split(',').map(str::trim);
    let mut encodings = encodings.filter(|encoding| !matches!(*encoding, "" | "identity"));
    match (encodings.next(), encodings.next()) {
        (None, _) => Ok(false),
        (Some("gzip"), None) => Ok(true),
        _ => Err(Error::ContentEncoding),
    }
}

/// A header as text, several of that name as one list; empty when there is none.
fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    let values = headers.get_all(name).iter().map(HeaderValue::as_bytes);
    let values: Vec<_> = values.map(String::from_utf8_lossy).collect();
    values.join(",")
}

fn unpack(body: &[u8]) -> Result<Vec<u8>, Error> {
    let mut unpacked = Vec::new();
    let bound = MAX_UNPACKED as u64 + 1;
    let read = MultiGzDecoder::new(body)
        .take(bound)
        .read_to_end(&mut unpacked);
    read.map_err(|_| Error::NotGzip)?;
    if unpacked.len() > MAX_UNPACKED {
        return Err(Error::TooLargeUnpacked);
    }
    Ok(unpacked)
}

/// What is read of an OTLP request: Alloy has each record in a chain of its own, others put many in
/// one. A list that is null is empty, as protobuf's JSON has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with resourceLogs")]
struct Request {
    resource_logs: Option<Vec<ResourceLogs>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with scopeLogs")]
struct ResourceLogs {
    scope_logs: Option<Vec<ScopeLogs>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with logRecords")]
struct ScopeLogs {
    log_records: Option<Vec<LogRecord>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with a body")]
struct LogRecord {
    body: Option<Body>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with stringValue")]
struct Body {
    string_value: Option<String>,
}

fn texts(json: &[u8]) -> Result<Texts, Error> {
    let Request { resource_logs } = serde_json::from_slice(json)?;
    let scopes = resource_logs
        .into_iter()
        .flatten()
        .filter_map(|resource| resource.scope_logs);
    let records = scopes.flatten().filter_map(|scope| scope.log_records);
    let text = |record: LogRecord| record.body?.string_value;
    Ok(records.flatten().map(text).collect())
}
