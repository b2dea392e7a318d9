//! Asking the demo's own services.

use std::time::Duration;

use reqwest::{Client, Response};

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

/// The text of `/metrics` of the service at `base`.
pub(crate) async fn metrics(client: &Client, base: &str) -> Option<String> {
    let answer = get(client, &format!("{base}/metrics")).await?;
    answer.text().await.ok()
}

/// The sum over the series of `name` whose labels contain `labels`.
pub(crate) fn sum(metrics: &str, name: &str, labels: &str) -> f64 {
    let of_name = |line: &&str| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with([' ', '{']))
    };
    metrics
        .lines()
        .filter(of_name)
        .filter(|line| line.contains(labels))
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
        .sum()
}
