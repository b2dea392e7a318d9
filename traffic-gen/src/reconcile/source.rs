//! Reading from services and stores: plain GETs, outside every trace.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::StatusCode;
use serde::de::DeserializeOwned;
use telemetry::client::shown;
use url::Url;

use crate::Error;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Somewhere to read from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    client: reqwest::Client,
    name: &'static str,
    pub(super) base: Url,
    flag: &'static str,
}

impl Source {
    pub(super) fn new(name: &'static str, base: &Url, flag: &'static str) -> Self {
        let client = reqwest::Client::builder();
        // A proxy that the shell has set is not for this system.
        let client = client.no_proxy().timeout(PATIENCE).build();
        Self {
            client: client.expect("a client without TLS and proxies has nothing that can fail"),
            name,
            base: base.clone(),
            flag,
        }
    }

    /// The body of a 200; none for a 404.
    ///
    /// # Errors
    /// [`Error::NotThere`] or [`Error::Unusable`].
    pub(super) async fn text(&self, url: Url) -> Result<Option<String>, Error> {
        // Tempo answers protobuf unless asked.
        let request = self.client.get(url).header("accept", "application/json");
        let answer = request.send().await.map_err(|error| self.lost(&error))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| self.lost(&error))?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => Ok(Some(text)),
            status => {
                let reason = text.lines().next().unwrap_or_default();
                Err(self.unusable(format!("{status}: {reason}")))
            }
        }
    }

    /// The JSON of a 200; none for a 404.
    ///
    /// # Errors
    /// [`Error::NotThere`] or [`Error::Unusable`].
    pub(super) async fn json<T: DeserializeOwned>(&self, url: Url) -> Result<Option<T>, Error> {
        let Some(text) = self.text(url).await? else {
            return Ok(None);
        };
        let value = serde_json::from_str(&text);
        value
            .map(Some)
            .map_err(|error| self.unusable(error.to_string()))
    }

    pub(super) fn unusable(&self, problem: impl Into<String>) -> Error {
        Error::Unusable {
            service: self.name,
            url: shown(&self.base),
            problem: problem.into(),
        }
    }

    fn lost(&self, error: &reqwest::Error) -> Error {
        let mut cause: &dyn std::error::Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        Error::NotThere {
            service: self.name,
            url: shown(&self.base),
            flag: self.flag,
            cause: cause.to_string(),
        }
    }
}

/// Nanoseconds since 1970.
pub(super) fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
