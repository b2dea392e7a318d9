//! HTTP requests to the demo's own services.

use std::time::Duration;

use signals::Reader;
use url::Url;

/// Timeout: a local service that takes longer counts as unavailable.
const TIMEOUT: Duration = Duration::from_secs(1);

/// A client for the service at that URL, which was built from a port of this machine.
pub(crate) fn reader(url: &str) -> Reader {
    let url = Url::parse(url).expect("a URL built from a port is valid");
    Reader::new(url, TIMEOUT)
}
