//! Converts a request's body, compressed or not, to the text of each log record.

use std::fmt::{self, Formatter};
use std::marker::PhantomData;

use axum::body::{Body as HttpBody, HttpBody as _};
use axum::http::header::HeaderMap;
use futures_util::StreamExt;
use otlp_http::{Coding, Format, UnpackError, unpack};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::error::Error;

/// The maximum length of a body as received, in bytes. Alloy's 500 lines are 470 KB, 50 KB with
/// gzip.
pub(crate) const MAX_PACKED: usize = 2 << 20;

/// The maximum length of a decompressed body, in bytes: gzip can expand by a factor of a thousand.
pub(crate) const MAX_UNPACKED: usize = 2 << 20;

/// The maximum number of log records in a delivery: a record can be as short as three bytes of
/// JSON.
pub(crate) const MAX_RECORDS: usize = 10_000;

/// The body of each record, in order; none if it is not text.
pub(crate) type Texts = Vec<Option<String>>;

/// A received delivery.
pub(crate) struct Delivery {
    coding: Coding,
    body: Vec<u8>,
}

impl Delivery {
    /// Receives the whole body.
    ///
    /// # Errors
    /// If the headers are not supported, or the body is too large or incomplete.
    pub(crate) async fn receive(headers: &HeaderMap, body: HttpBody) -> Result<Self, Error> {
        let coding = coding(headers)?;
        let body = collect(body).await?;
        Ok(Self { coding, body })
    }

    /// Decompresses and parses the body.
    ///
    /// # Errors
    /// If the body does not match its headers, or is too large when decompressed.
    pub(crate) fn texts(self) -> Result<Texts, Error> {
        let json = match self.coding {
            Coding::Identity => self.body,
            Coding::Gzip => unpack(&self.body, MAX_UNPACKED)?,
        };
        texts(&json)
    }
}

/// Reads the whole body. Unlike axum's extractors, it does not keep the chunks as well.
async fn collect(body: HttpBody) -> Result<Vec<u8>, Error> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut bytes = Vec::with_capacity(announced.min(MAX_PACKED));
    let mut parts = body.into_data_stream();
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| Error::Incomplete)?;
        if part.len() > MAX_PACKED - bytes.len() {
            return Err(Error::TooLarge);
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

/// The compression of the body.
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

/// The parts of an OTLP request that are used: Alloy puts each record into its own chain, other
/// senders put many into one. Parsing keeps only the texts, because the structure around them may
/// need far more memory than its JSON.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", expecting = "an object with resourceLogs")]
#[schema(
    as = ExportLogsServiceRequest,
    description = "The fields of OTLP's `ExportLogsServiceRequest` that are used.",
    example = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue":
        "{\"timestamp\":\"2026-11-21T05:06:07.123456789Z\",\"usage\":true,\"event_type\":\"roll\",\
        \"event_id\":\"5f0c3a5e-6f0b-4d5e-9a39-2f2b6c1f7a10\",\"username\":\"guest\",\"die_type\":\"fair\"}"
    }}]}]}]})
)]
pub(crate) struct Request {
    #[schema(value_type = Option<Vec<ResourceLogs>>)]
    resource_logs: Many<ResourceLogs>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", expecting = "an object with scopeLogs")]
struct ResourceLogs {
    #[schema(value_type = Option<Vec<ScopeLogs>>)]
    scope_logs: Many<ScopeLogs>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", expecting = "an object with logRecords")]
struct ScopeLogs {
    #[schema(value_type = Option<Vec<LogRecord>>)]
    log_records: Many<LogRecord>,
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
    /// optionally `session_id` (a UUID), `die_type` and `trace_id`. A `roll_batch` has an
    /// `async_batch_size` of 1 to 32767. Strings have at most 256 characters without NUL.
    #[schema(content_media_type = "application/json")]
    string_value: Option<String>,
}

/// The texts in a list of `T`. As in protobuf's JSON, null means an empty list.
struct Many<T>(Texts, PhantomData<T>);

/// A value that contains texts.
trait HasTexts {
    /// Moves the texts to `texts`.
    fn add_to(self, texts: &mut Texts);
}

impl HasTexts for ResourceLogs {
    fn add_to(mut self, texts: &mut Texts) {
        texts.append(&mut self.scope_logs.0);
    }
}

impl HasTexts for ScopeLogs {
    fn add_to(mut self, texts: &mut Texts) {
        texts.append(&mut self.log_records.0);
    }
}

impl HasTexts for LogRecord {
    fn add_to(self, texts: &mut Texts) {
        texts.push(self.body.and_then(|body| body.string_value));
    }
}

impl<'de, T: Deserialize<'de> + HasTexts> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(Self(Texts::new(), PhantomData))
    }
}

impl<'de, T: Deserialize<'de> + HasTexts> Visitor<'de> for Many<T> {
    type Value = Self;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_none<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Self, A::Error> {
        while let Some(item) = list.next_element::<T>()? {
            item.add_to(&mut self.0);
            if self.0.len() > MAX_RECORDS {
                return Err(serde::de::Error::custom(TOO_MANY));
            }
        }
        Ok(self)
    }
}

/// The beginning of an error of [`texts`] about the number of records.
const TOO_MANY: &str = "too many log records";

fn texts(json: &[u8]) -> Result<Texts, Error> {
    match serde_json::from_slice(json) {
        Ok(Request { resource_logs }) => Ok(resource_logs.0),
        Err(error) if error.to_string().starts_with(TOO_MANY) => Err(Error::TooMany),
        Err(error) => Err(error.into()),
    }
}
