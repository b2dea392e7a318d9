//! Asking the demo's own services.

use std::time::Duration;

use reqwest::{Client, Response};
use signals::exposition::Exposition;

/// A service on this machine that takes longer is as good as away.
const TIMEOUT: Duration = Duration::from_secs(1);

/// A client for this machine: whatever proxy the shell has set is not for it.
pub(crate) fn client() -> Client {
    let client = Client::builder().no_proxy().timeout(TIMEOUT).build();
    client.expect("a client without TLS and proxies has nothing that can fail")
}

/// The answer to a GET, if it is a success.
pub(crate) async fn get(client: &Client, url: &str) -> Option<Response> {
    let answer = client.get(url).send().await.ok()?;
    answer.status().is_success().then_some(answer)
}

/// The samples of `/metrics` of the service at `base`.
pub(crate) async fn metrics(client: &Client, base: &str) -> Option<Exposition> {
    let answer = get(client, &format!("{base}/metrics")).await?;
    answer.text().await.ok()?.parse().ok()
}
