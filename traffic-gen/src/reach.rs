//! Checks before a run that the required services accept connections, so that a missing one causes
//! one clear line.

use std::time::Duration;

use telemetry::client::shown;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use crate::error::Error;

const TIMEOUT: Duration = Duration::from_secs(2);

/// A service that a mode requires.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needed<'a> {
    pub(crate) service: &'static str,
    pub(crate) url: &'a Url,
    /// The flag that sets its URL.
    pub(crate) flag: &'static str,
}

/// Connects and closes the connection.
///
/// # Errors
/// [`Error::NotThere`] if the service does not accept a connection.
pub(crate) async fn check(needed: Needed<'_>) -> Result<(), Error> {
    let cause = match timeout(TIMEOUT, TcpStream::connect(authority(needed.url))).await {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {TIMEOUT:?}"),
    };
    Err(Error::NotThere {
        service: needed.service,
        url: shown(needed.url),
        flag: needed.flag,
        cause,
    })
}

/// `host:port`, as in a Host header.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    format!("{host}:{}", url.port_or_known_default().unwrap_or(80))
}
