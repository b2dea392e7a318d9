//! Reading from the demo's own services.

use std::time::Duration;

use signals::Reader;
use url::Url;

/// A service on this machine that takes longer is as good as away.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Reads from the service at that URL, which a port of this machine makes.
pub(crate) fn reader(url: &str) -> Reader {
    let url = Url::parse(url).expect("a port makes a URL");
    Reader::new(url, TIMEOUT)
}
