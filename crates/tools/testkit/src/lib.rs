//! Shared support for tests: real processes on free ports, their log lines and metrics, traces for
//! stand-ins, requests based on OpenAPI documents, a database, and waiting for conditions. A
//! failure panics with the last observed value.

mod faults;
mod metrics;
mod monitoring;
mod openapi;
mod operations;
mod process;
mod schemathesis;
mod skip;
pub mod traces;

use std::fmt::Debug;
use std::time::{Duration, Instant};

pub use faults::{FlagsFile, assert_unnamed};
pub use free_port::free_port;
use local_postgres::LocalPostgres;
pub use metrics::Metrics;
pub use monitoring::{Alertmanager, prometheus_configuration, start_prometheus};
pub use openapi::check_openapi;
pub use operations::request_small_operations;
pub use process::{Memory, Process};
use reqwest::{Client, ClientBuilder, IntoUrl, Response};
pub use schemathesis::schemathesis;
use serde_json::Value;
pub use skip::{skip, skip_without};
pub use tooling::command::is_there;

/// A generous timeout: nothing takes longer, even on a busy machine with two cores.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Longer than anything that does not wait, on a busy machine with two cores; shorter than a series
/// of timeouts.
pub const AT_ONCE: Duration = Duration::from_secs(10);

/// The interval between two probes.
const PAUSE: Duration = Duration::from_millis(20);

/// Calls `probe` repeatedly until it returns a value.
///
/// # Panics
/// When there is no value after [`DEADLINE`]; `what` describes the condition.
pub async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut probe: impl FnMut() -> F,
) -> T {
    let start = Instant::now();
    while start.elapsed() < DEADLINE {
        if let Some(answer) = probe().await {
            return answer;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("waited {DEADLINE:?} in vain for {what}");
}

/// Calls `probe` repeatedly until it returns `expected`.
///
/// # Panics
/// When it has not after [`DEADLINE`], with the last value; `what` describes the value.
pub async fn becomes<T: PartialEq + Debug, F: Future<Output = T>>(
    what: &str,
    expected: T,
    mut probe: impl FnMut() -> F,
) {
    let start = Instant::now();
    let mut last = probe().await;
    while last != expected && start.elapsed() < DEADLINE {
        tokio::time::sleep(PAUSE).await;
        last = probe().await;
    }
    assert_eq!(last, expected, "{what}, waited for {DEADLINE:?}");
}

/// A client for requests that the readers of [`signals`] do not support: with any method and
/// header, and any status in the answer.
#[must_use]
pub fn client() -> Client {
    client_with(|settings| settings)
}

/// [`client`] with additional settings.
///
/// # Panics
/// When the settings are invalid.
pub fn client_with(settings: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
    // Proxies from the environment are not meant for the servers of a test.
    let client = settings(Client::builder().no_proxy()).build();
    client.expect("creating a client without TLS does not fail")
}

/// GETs `url` with [`client`].
///
/// # Errors
/// When there is no answer; any status counts as one.
pub async fn fetch(url: impl IntoUrl) -> Result<Response, reqwest::Error> {
    client().get(url).send().await
}

/// GETs `url`; returns the status and the body as JSON, or as a JSON string if it is not JSON.
///
/// # Panics
/// When there is no answer.
pub async fn get(url: &str) -> (u16, Value) {
    let answer = fetch(url)
        .await
        .unwrap_or_else(|error| panic!("GET {url}: {error}"));
    let status = answer.status().as_u16();
    let text = answer
        .text()
        .await
        .unwrap_or_else(|error| panic!("GET {url}: {error}"));
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

/// A free address for a server that restarts, or that starts later: see [`free_port()`].
///
/// # Panics
/// When all ports are in use.
#[must_use]
pub fn free_address() -> String {
    format!("127.0.0.1:{}", free_port().expect("a free port"))
}

/// A PostgreSQL server for the test; none, with a logged reason, if PostgreSQL is not installed.
///
/// # Panics
/// When it is not installed and the variable CI is set, and when it cannot be started.
pub async fn postgres() -> Option<LocalPostgres> {
    if LocalPostgres::is_there() {
        return Some(LocalPostgres::start().await.expect("a server"));
    }
    skip_without("the program postgres");
    None
}
