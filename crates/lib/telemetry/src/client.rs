//! Calls to other services: each has a CLIENT span and passes the trace context on. Failures are
//! either timeouts or unreachable services, because callers answer these differently.
//!
//! Attributes follow the HTTP semantic conventions,
//! <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span>, with one
//! exception: a 4xx answer leaves the span's status unset, because the answer that a die does not
//! exist is not a failure of the call.

use std::time::{Duration, Instant};

use opentelemetry::trace::{SpanContext, TraceContextExt, TraceFlags, TraceState};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, StatusCode};
use tracing::{Instrument, Level, Span, field, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use url::Url;

pub use crate::secrets::{redacted, shown};
use crate::{bounded, trace_context};

/// Idle connections kept for each service, enough for a burst of batches.
const IDLE_CONNECTIONS: usize = 64;

/// How long an idle connection is kept: shorter than our servers keep it, so that no request is
/// sent on a connection that is being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// An HTTP client with pooled connections. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    passes_context: bool,
}

/// A complete answer.
#[derive(Debug)]
pub struct Reply {
    /// The status, whatever it is.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer. The details belong in the log, not in the answer to a client.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No complete answer within the timeout.
    #[error("no answer in time")]
    Timeout(#[source] reqwest::Error),
    /// The connection failed or was broken.
    #[error("cannot be reached")]
    Unreachable(#[source] reqwest::Error),
}

impl CallError {
    /// The innermost cause, for a log line.
    #[must_use]
    pub fn cause(&self) -> String {
        let mut cause: &dyn std::error::Error = self;
        while let Some(source) = cause.source() {
            cause = source;
        }
        cause.to_string()
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::with_redirects(Policy::default())
    }
}

impl Client {
    /// A client that does not follow redirects: a redirect is an answer like any other.
    #[must_use]
    pub fn without_redirects() -> Self {
        Self::with_redirects(Policy::none())
    }

    /// The same client, whose requests do not carry the trace context: the trace ends here.
    #[must_use]
    pub fn without_context(&self) -> Self {
        Self {
            http: self.http.clone(),
            passes_context: false,
        }
    }

    fn with_redirects(policy: Policy) -> Self {
        let client = reqwest::Client::builder()
            // Proxies from the environment are not meant for local services.
            .no_proxy()
            .redirect(policy)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .tcp_nodelay(true)
            .build();
        Self {
            http: client.expect("creating a client without TLS and proxies does not fail"),
            passes_context: true,
        }
    }

    /// Sends a GET to `url` and reads the whole answer within `timeout`.
    ///
    /// # Errors
    /// [`CallError`] if there is no answer; an answer may have any status.
    pub async fn get(&self, url: Url, timeout: Duration) -> Result<Reply, CallError> {
        self.send(Method::GET, url, |request| request.timeout(timeout))
            .await
    }

    /// Sends a request that `prepare` completes, and reads the whole answer.
    ///
    /// # Errors
    /// [`CallError`] if there is no answer; an answer may have any status.
    pub async fn send(
        &self,
        method: Method,
        url: Url,
        prepare: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Reply, CallError> {
        let span = client_span(&method, &url);
        let headers = match self.passes_context {
            true => trace_context::headers(span.context().span().span_context()),
            false => HeaderMap::new(),
        };
        let request = self.http.request(method, url).headers(headers);
        let result = logged_exchange(prepare(request))
            .instrument(span.clone())
            .await;
        record_result(&span, &result);
        result
    }

    /// Like [`send`](Self::send) but outside every trace, for requests that repeat for ever, such
    /// as heartbeats: there is no CLIENT span, and the `traceparent` has the flag "not sampled".
    ///
    /// # Errors
    /// [`CallError`] if there is no answer; an answer may have any status.
    pub async fn send_untraced(
        &self,
        method: Method,
        url: Url,
        prepare: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Reply, CallError> {
        let ids = RandomIdGenerator::default();
        let unrecorded = SpanContext::new(
            ids.new_trace_id(),
            ids.new_span_id(),
            TraceFlags::NOT_SAMPLED,
            false,
            TraceState::NONE,
        );
        let headers = trace_context::headers(&unrecorded);
        exchange(prepare(self.http.request(method, url).headers(headers))).await
    }
}

/// Parses the URL of a service that is reached without TLS.
///
/// # Errors
/// A text that says what is wrong and shows a valid URL.
pub fn http_url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if url.scheme() == "http" && url.has_host() => Ok(url),
        Ok(url) if url.scheme() == "https" => {
            Err("https is not supported: there is no TLS inside the stack; use http://".to_owned())
        }
        _ => Err("not a URL with scheme and host, as in http://localhost:4318".to_owned()),
    }
}

/// [`exchange`] with a log line at level DEBUG.
async fn logged_exchange(request: RequestBuilder) -> Result<Reply, CallError> {
    // Without the line, the clock is not read either.
    let start = tracing::enabled!(Level::DEBUG).then(Instant::now);
    let result = exchange(request).await;
    let reply = result.as_ref();
    tracing::debug!(
        backend_status = reply.ok().map(|reply| reply.status.as_u16()),
        error = reply.err().map(field::display),
        duration_ms = start.map(|start| start.elapsed().as_secs_f64() * 1e3),
        "Call ended"
    );
    result
}

async fn exchange(request: RequestBuilder) -> Result<Reply, CallError> {
    let classify = |error: reqwest::Error| {
        if error.is_timeout() {
            CallError::Timeout(error)
        } else {
            CallError::Unreachable(error)
        }
    };
    let mut response = request.send().await.map_err(classify)?;
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let body = response.bytes().await.map_err(classify)?.to_vec();
    Ok(Reply {
        status,
        headers,
        body,
    })
}

fn client_span(method: &Method, url: &Url) -> Span {
    info_span!(
        "call",
        otel.name = method.as_str(),
        otel.kind = "client",
        otel.status_code = field::Empty,
        http.request.method = method.as_str(),
        http.response.status_code = field::Empty,
        "error.type" = field::Empty,
        server.address = url.host_str(),
        server.port = url.port_or_known_default().map(i64::from),
        url.full = bounded(redacted(url).as_str()),
    )
}

fn record_result(span: &Span, result: &Result<Reply, CallError>) {
    let failure = match result {
        Ok(reply) => {
            span.record(
                "http.response.status_code",
                i64::from(reply.status.as_u16()),
            );
            reply
                .status
                .is_server_error()
                .then(|| reply.status.as_str().to_owned())
        }
        Err(CallError::Timeout(_)) => Some("timeout".to_owned()),
        Err(CallError::Unreachable(_)) => Some("unreachable".to_owned()),
    };
    if let Some(failure) = failure {
        span.record("error.type", failure);
        span.record("otel.status_code", "ERROR");
    }
}
