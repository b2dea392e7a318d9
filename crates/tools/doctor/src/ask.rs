//! HTTP, and asking again for as long as patience lasts.

use std::fmt;
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};
use url::Url;

/// One request; a part that is slower than this is as good as down.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(250);

/// Why there is no usable answer. Displayed as what was seen.
#[derive(Debug)]
pub(crate) enum Silence {
    /// No connection, or no answer in time.
    Unreachable { url: Url, slow: bool },
    /// An answer that is not a 2xx, with the beginning of its text.
    Status { url: Url, status: u16, text: String },
    /// A 2xx that is not what the part says of itself.
    Unreadable { url: Url },
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { url, slow: false } => write!(f, "{} cannot be reached", base(url)),
            Self::Unreachable { url, slow: true } => {
                write!(f, "{} gave no answer within {TIMEOUT:?}", base(url))
            }
            Self::Status { url, status, text } => {
                write!(f, "{}{} answered {status}", base(url), url.path())?;
                if text.is_empty() {
                    return Ok(());
                }
                write!(f, ": {text}")
            }
            Self::Unreadable { url } => {
                write!(f, "{}{} answered something else", base(url), url.path())
            }
        }
    }
}

/// Scheme, host and port: a whole query would bury the message.
fn base(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// `path` below `base`, with that query.
pub(crate) fn endpoint(base: &Url, path: &str, query: &[(&str, &str)]) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}

/// The body of a 2xx answer.
pub(crate) async fn text(client: &Client, url: Url) -> Result<String, Silence> {
    let request = client.get(url.clone());
    send(request, url).await
}

async fn send(request: RequestBuilder, url: Url) -> Result<String, Silence> {
    let sent = request.timeout(TIMEOUT).send().await;
    let unreachable = |error: reqwest::Error| Silence::Unreachable {
        slow: error.is_timeout(),
        url: url.clone(),
    };
    let answer = sent.map_err(unreachable)?;
    let status = answer.status();
    let text = answer.text().await.map_err(unreachable)?;
    if status.is_success() {
        return Ok(text);
    }
    Err(Silence::Status {
        url,
        status: status.as_u16(),
        text: gist(&text),
    })
}

/// What an error answer says: our own services' `detail`, or the beginning of the text.
fn gist(text: &str) -> String {
    let json: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let detail = json.as_ref().and_then(|json| json["detail"].as_str());
    let words = detail.unwrap_or(text).split_whitespace();
    words.take(20).collect::<Vec<_>>().join(" ")
}

/// The body of a 2xx answer, as JSON.
pub(crate) async fn json<T: DeserializeOwned>(client: &Client, url: Url) -> Result<T, Silence> {
    let text = text(client, url.clone()).await?;
    read(&text, url)
}

/// [`json`] of a request that is part of the trace that `traceparent` says, W3C's header.
pub(crate) async fn json_in_trace<T: DeserializeOwned>(
    client: &Client,
    url: Url,
    traceparent: &str,
) -> Result<T, Silence> {
    let request = client.get(url.clone()).header("traceparent", traceparent);
    let text = send(request, url.clone()).await?;
    read(&text, url)
}

fn read<T: DeserializeOwned>(text: &str, url: Url) -> Result<T, Silence> {
    serde_json::from_str(text).map_err(|_| Silence::Unreadable { url })
}

/// Tries until it works or `patience` is over; then the last failure.
pub(crate) async fn patiently<T, E, F>(
    patience: Duration,
    mut attempt: impl FnMut() -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let end = Instant::now() + patience;
    loop {
        match attempt().await {
            Err(_) if Instant::now() + PAUSE < end => sleep(PAUSE).await,
            result => return result,
        }
    }
}
