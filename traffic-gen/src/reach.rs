//! Whether a service is there at all, asked before a run so that the answer is one line.

use std::time::Duration;

use telemetry::client::shown;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use crate::error::Error;

const PATIENCE: Duration = Duration::from_secs(2);

/// A service that a mode needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needed<'a> {
    pub(crate) service: &'static str,
    pub(crate) url: &'a Url,
    /// The flag that names it.
    pub(crate) flag: &'static str,
}

/// Connects and hangs up.
///
/// # Errors
/// [`Error::NotThere`].
pub(crate) async fn check(needed: Needed<'_>) -> Result<(), Error> {
    let cause = match timeout(PATIENCE, TcpStream::connect(authority(needed.url))).await {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {PATIENCE:?}"),
    };
    Err(Error::NotThere {
        service: needed.service,
        url: shown(needed.url),
        flag: needed.flag,
        cause,
    })
}

/// `host:port`, as for a Host header or a connection.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    format!("{host}:{}", url.port_or_known_default().unwrap_or(80))
}
