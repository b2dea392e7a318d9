//! The one HTTP client of this crate: plain GETs outside every trace.

use std::fmt::Display;
use std::time::Duration;

use base_url::endpoint;
use reqwest::header::{ACCEPT, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

/// The maximum size of an answer in bytes. A trace of 100,000 spans has about 40 MB.
const MAX_ANSWER: usize = 64 << 20;

/// How long an idle connection is kept: shorter than servers keep it, so that no request meets a
/// closing one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// The number of bytes of an error answer used in the message.
const MAX_DETAIL: usize = 200;

/// Why there is no usable answer. The text contains no credentials and no queries.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The connection failed or was broken.
    #[error("{url} cannot be reached ({cause})")]
    Unreachable {
        /// Scheme, host and port.
        url: String,
        /// The innermost cause, as in "Connection refused (os error 111)".
        cause: String,
    },
    /// No complete answer within the timeout.
    #[error("{url} did not answer within {timeout:?}")]
    Slow {
        /// Scheme, host and port.
        url: String,
        /// The timeout.
        timeout: Duration,
    },
    /// An answer with a status other than 2xx.
    #[error("{url} answered {status}{}", colon(detail))]
    Status {
        /// Scheme, host, port and path.
        url: String,
        /// The status.
        status: StatusCode,
        /// The `detail` of a problem document, or the beginning of the text. May be empty.
        detail: String,
    },
    /// A 2xx with an unexpected body.
    #[error("{url} answered something else: {cause}")]
    Unreadable {
        /// Scheme, host, port and path.
        url: String,
        /// What is wrong with it.
        cause: String,
    },
}

fn colon(detail: &str) -> String {
    if detail.is_empty() {
        return String::new();
    }
    format!(": {detail}")
}

impl AskError {
    /// Whether the answer had that status.
    #[must_use]
    pub fn is_status(&self, expected: StatusCode) -> bool {
        matches!(self, Self::Status { status, .. } if *status == expected)
    }

    /// `None` if the answer was 404, for resources that may not exist.
    ///
    /// # Errors
    /// Every other error.
    pub fn found<T>(result: Result<T, Self>) -> Result<Option<T>, Self> {
        match result {
            Err(error) if error.is_status(StatusCode::NOT_FOUND) => Ok(None),
            result => result.map(Some),
        }
    }
}

/// A base URL to read from. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Reader {
    client: Client,
    base: Url,
    timeout: Duration,
}

impl Reader {
    /// Reads below `base`, with that timeout for each answer.
    ///
    /// # Panics
    /// Never: creating a client without TLS and proxies does not fail.
    #[must_use]
    pub fn new(base: Url, timeout: Duration) -> Self {
        let client = Client::builder()
            // Proxies from the environment are not meant for local services.
            .no_proxy()
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build();
        Self {
            client: client.expect("creating a client without TLS and proxies does not fail"),
            base,
            timeout,
        }
    }

    /// The same connections and timeout, below another URL.
    #[must_use]
    pub fn at(&self, base: Url) -> Self {
        Self {
            base,
            ..self.clone()
        }
    }

    /// The base URL.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// A GET of `path` below the base.
    pub fn get(&self, path: &str, query: &[(&str, &str)]) -> Ask {
        let url = endpoint(&self.base, path, query);
        let request = self.client.get(url.clone()).timeout(self.timeout);
        Ask {
            request,
            url,
            timeout: self.timeout,
        }
    }
}

/// A request that has not been sent yet.
#[derive(Debug)]
#[must_use = "nothing is sent before the answer is read"]
pub struct Ask {
    request: RequestBuilder,
    url: Url,
    timeout: Duration,
}

impl Ask {
    /// Adds a header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// The body of a 2xx, at most 64 MiB.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn bytes(self) -> Result<Vec<u8>, AskError> {
        let Self {
            request,
            url,
            timeout,
        } = self;
        let lost = |error: reqwest::Error| lost(&url, timeout, &error);
        let mut answer = request.send().await.map_err(lost)?;
        let status = answer.status();
        if !status.is_success() {
            let detail = detail(&mut answer).await;
            return Err(AskError::Status {
                url: location(&url),
                status,
                detail,
            });
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(unreadable(&url, format!("more than {MAX_ANSWER} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// The body of a 2xx as text.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn text(self) -> Result<String, AskError> {
        let url = self.url.clone();
        let body = self.bytes().await?;
        String::from_utf8(body).map_err(|error| unreadable(&url, error))
    }

    /// The body of a 2xx as JSON.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, AskError> {
        let url = self.url.clone();
        let json = HeaderValue::from_static("application/json");
        let body = self.header(ACCEPT, json).bytes().await?;
        serde_json::from_slice(&body).map_err(|error| unreadable(&url, error))
    }

    /// The body of a 2xx as a protobuf message.
    ///
    /// # Errors
    /// [`AskError`].
    pub(crate) async fn protobuf<T: prost::Message + Default>(self) -> Result<T, AskError> {
        let url = self.url.clone();
        let protobuf = HeaderValue::from_static("application/protobuf");
        let body = self.header(ACCEPT, protobuf).bytes().await?;
        T::decode(body.as_slice()).map_err(|error| unreadable(&url, error))
    }
}

/// Scheme, host and port, without credentials.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Scheme, host, port and path: a whole query would make the message unreadable.
fn location(url: &Url) -> String {
    format!("{}{}", origin(url), url.path())
}

pub(crate) fn unreadable(url: &Url, cause: impl Display) -> AskError {
    AskError::Unreadable {
        url: location(url),
        cause: cause.to_string(),
    }
}

fn lost(url: &Url, timeout: Duration, error: &reqwest::Error) -> AskError {
    let url = origin(url);
    if error.is_timeout() {
        return AskError::Slow { url, timeout };
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    AskError::Unreachable {
        url,
        cause: cause.to_string(),
    }
}

/// The text of an error answer, on one line.
async fn detail(answer: &mut Response) -> String {
    const READ: usize = 16 << 10;
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > READ {
            break;
        }
    }
    let text = String::from_utf8_lossy(&body);
    let problem: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let detail = problem
        .as_ref()
        .and_then(|problem| problem["detail"].as_str());
    let words: Vec<&str> = detail.unwrap_or(&text).split_whitespace().collect();
    let mut line = words.join(" ");
    line.truncate(line.floor_char_boundary(MAX_DETAIL));
    line
}
