//! The HTTP client of the exporter, which reads what the collector says.
//!
//! The exporter takes every 2xx for a success: it logs a partial success at most, and repeats
//! requests silently. Here both are kept until the exporter has returned.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use percent_encoding::percent_decode_str;
use prost::Message;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use url::Url;

use crate::bounded;

/// What a collector said about one export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Requests that were sent: more than one when the exporter tried again.
    pub(crate) requests: usize,
    /// Spans that the collector did not take, by its own count.
    pub(crate) rejected: i64,
    /// Its words; empty when it had none.
    pub(crate) message: String,
}

/// The last verdict, from the client to whoever called the exporter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdicts(Arc<Mutex<Verdict>>);

impl Verdicts {
    /// The verdict on the export that has just returned.
    pub(crate) fn take(&self) -> Verdict {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn sent(&self) {
        let mut verdict = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        verdict.requests += 1;
    }

    fn heard(&self, answer: &Response<Bytes>) {
        // An answer that is none of OTLP's says nothing about spans.
        let answer = ExportTraceServiceResponse::decode(answer.body().as_ref());
        let partial = answer.ok().and_then(|answer| answer.partial_success);
        let Some(partial) = partial else { return };
        let mut verdict = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        verdict.rejected = partial.rejected_spans;
        bounded(&partial.error_message).clone_into(&mut verdict.message);
    }
}

/// A client for one collector.
#[derive(Debug)]
pub(crate) struct Collector {
    pub(crate) client: reqwest::blocking::Client,
    /// For a URL with credentials, which are sent as every HTTP client sends them.
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
        self.verdicts.sent();
        let answer = self.client.send_bytes(request).await?;
        if answer.status().is_success() {
            self.verdicts.heard(&answer);
        }
        Ok(answer)
    }
}

/// `url` without its credentials, and those as a header.
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
