//! The HTTP client of the exporter, which reads the collector's answers.
//!
//! The exporter counts every 2xx as a success, whatever its body is: it only logs a partial
//! success, and repeats requests silently. This client keeps both until the exporter has returned.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use faults::Fault;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use percent_encoding::percent_decode_str;
use prost::Message;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde_json::{Map, Value};
use url::Url;

use crate::bounded;

/// The collector's verdict on one export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Requests that were sent: more than one if the exporter retried.
    pub(crate) requests: usize,
    /// The size of the last of these requests' bodies.
    pub(crate) bytes: u64,
    /// The last answer with a 2xx status.
    pub(crate) answer: Answer,
}

/// An answer with a 2xx status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// An answer of OTLP.
    Otlp {
        /// The number of spans that the collector reports as rejected.
        rejected: i64,
        /// Why it rejected spans, or a warning if it rejected none; may be empty.
        message: String,
    },
    /// Any other answer, as from a web server on that port, described for a log line. No span has
    /// arrived.
    Foreign(String),
}

impl Default for Answer {
    fn default() -> Self {
        Self::Otlp {
            rejected: 0,
            message: String::new(),
        }
    }
}

impl Answer {
    /// Reads an answer: `ExportTraceServiceResponse` as protobuf, which may be empty, or as JSON.
    /// <https://opentelemetry.io/docs/specs/otlp/#otlphttp-response>
    fn read(answer: &Response<Bytes>) -> Self {
        let content_type = answer.headers().get(CONTENT_TYPE);
        let content_type = content_type.map(|value| String::from_utf8_lossy(value.as_bytes()));
        let media_type = content_type.as_deref().unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        let read = match media_type.to_ascii_lowercase().as_str() {
            "" | "application/x-protobuf" | "application/protobuf" | "application/octet-stream" => {
                from_protobuf(answer.body())
            }
            "application/json" => from_json(answer.body()),
            _ => None,
        };
        read.unwrap_or_else(|| {
            let (status, length) = (answer.status().as_u16(), answer.body().len());
            let kind = bounded(content_type.as_deref().unwrap_or("no Content-Type")).to_owned();
            Self::Foreign(format!(
                "{status} with {length} bytes of {kind}, which is not an answer of OTLP; is this the \
                 port of a collector?"
            ))
        })
    }
}

fn from_protobuf(body: &[u8]) -> Option<Answer> {
    let answer = ExportTraceServiceResponse::decode(body).ok()?;
    let partial = answer.partial_success.unwrap_or_default();
    Some(Answer::Otlp {
        rejected: partial.rejected_spans,
        message: bounded(&partial.error_message).to_owned(),
    })
}

fn from_json(body: &[u8]) -> Option<Answer> {
    let answer: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let partial = answer.get("partialSuccess");
    if partial.is_none() && !answer.is_empty() {
        return None;
    }
    // A 64-bit integer is a string in protobuf's JSON; some collectors send a number.
    let rejected = partial.and_then(|partial| partial.get("rejectedSpans"));
    let rejected =
        rejected.and_then(|count| count.as_i64().or_else(|| count.as_str()?.parse().ok()));
    let message = partial.and_then(|partial| partial.get("errorMessage")?.as_str());
    Some(Answer::Otlp {
        rejected: rejected.unwrap_or_default(),
        message: bounded(message.unwrap_or_default()).to_owned(),
    })
}

/// The last verdict, passed from the HTTP client to the caller of the exporter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdicts(Arc<Mutex<Verdict>>);

impl Verdicts {
    /// Takes the verdict on the export that has just returned.
    pub(crate) fn take(&self) -> Verdict {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn sent(&self, body: &Bytes) {
        let mut verdict = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        verdict.requests += 1;
        verdict.bytes = body.len() as u64;
    }

    fn heard(&self, answer: &Response<Bytes>) {
        let answer = Answer::read(answer);
        let mut verdict = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        verdict.answer = answer;
    }
}

/// A client for one collector.
#[derive(Debug)]
pub(crate) struct Collector {
    pub(crate) client: reqwest::blocking::Client,
    /// The credentials in the URL, if there are any, as a basic authorization.
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) verdicts: Verdicts,
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        if let Some(authorization) = &self.authorization {
            let headers = request.headers_mut();
            headers
                .entry(AUTHORIZATION)
                .or_insert_with(|| authorization.clone());
        }
        self.verdicts.sent(request.body());
        if faults::is_on(Fault::DeadCollector) {
            return Err(format!("error sending request for url ({})", request.uri()).into());
        }
        let answer = self.client.send_bytes(request).await?;
        if answer.status().is_success() {
            self.verdicts.heard(&answer);
        }
        Ok(answer)
    }
}

/// `url` without its credentials, and the credentials as an `Authorization` header.
pub(crate) fn split_credentials(url: &Url) -> (Url, Option<HeaderValue>) {
    let (user, password) = (url.username(), url.password().unwrap_or_default());
    if user.is_empty() && password.is_empty() {
        return (url.clone(), None);
    }
    let decoded = [user, ":", password].map(|part| percent_decode_str(part).collect::<Vec<u8>>());
    let value = format!("Basic {}", STANDARD.encode(decoded.concat()));
    let mut header = HeaderValue::try_from(value).ok();
    if let Some(header) = &mut header {
        header.set_sensitive(true);
    }
    let mut plain = url.clone();
    // Fails only for a URL without a host, which has no credentials.
    let _ = plain.set_username("");
    let _ = plain.set_password(None);
    (plain, header)
}
