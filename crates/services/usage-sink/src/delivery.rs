//! A request from its body, packed or not, to the text of each log record in it.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use otlp_http::{Coding, Format, UnpackError, unpack};
use serde::Deserialize;
use utoipa::ToSchema;

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
    let coding = coding(headers)?;
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge,
        _ => Error::Incomplete,
    })?;
    match coding {
        Coding::Identity => texts(&body),
        Coding::Gzip => texts(&unpack(&body, MAX_UNPACKED)?),
    }
}

/// How the body is packed.
fn coding(headers: &HeaderMap) -> Result<Coding, Error> {
    if Format::of(headers) != Some(Format::Json) {
        return Err(Error::ContentType);
    }
    Coding::of(headers).map_err(|_| Error::ContentEncoding)
}

impl From<UnpackError> for Error {
    fn from(error: UnpackError) -> Self {
        match error {
            UnpackError::NotGzip => Self::NotGzip,
            UnpackError::TooLarge(_) => Self::TooLargeUnpacked,
        }
    }
}

/// What is read of an OTLP request: Alloy has each record in a chain of its own, others put many in
/// one. A list that is null is empty, as protobuf's JSON has it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", expecting = "an object with resourceLogs")]
#[schema(
    as = ExportLogsServiceRequest,
    description = "OTLP's `ExportLogsServiceRequest`, as far as it is read.",
    example = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue":
        "{\"timestamp\":\"2026-11-21T05:06:07.123456789Z\",\"usage\":true,\"event_type\":\"roll\",\
        \"event_id\":\"5f0c3a5e-6f0b-4d5e-9a39-2f2b6c1f7a10\",\"username\":\"guest\",\"die_type\":\"fair\"}"
    }}]}]}]})
)]
pub(crate) struct Request {
    resource_logs: Option<Vec<ResourceLogs>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", expecting = "an object with scopeLogs")]
struct ResourceLogs {
    scope_logs: Option<Vec<ScopeLogs>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", expecting = "an object with logRecords")]
struct ScopeLogs {
    log_records: Option<Vec<LogRecord>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(expecting = "an object with a body")]
struct LogRecord {
    body: Option<Body>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", expecting = "an object with stringValue")]
struct Body {
    /// A JSON object with `event_id` (a UUID), `event_type` (`sign_in`, `page_view`, `roll`, `roll_batch`
    /// or `sign_out`), `timestamp` (RFC 3339; at most 7 days ago and 1 hour ahead) and `username`; and
    /// perhaps `session_id` (a UUID), `die_type` and `trace_id`. A `roll_batch` has an
    /// `async_batch_size` of 1 to 32767. Texts have at most 256 characters, none of them NUL.
    #[schema(content_media_type = "application/json")]
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
