//! What the tests of several crates need: real processes on free ports, the lines they write, the
//! metrics they expose, traces for stand-ins, requests by OpenAPI documents, a database, and waiting
//! for something to become true. A failure panics with what was seen instead.

mod metrics;
mod openapi;
mod process;
mod schemathesis;
mod skip;
pub mod traces;

use std::fmt::Debug;
use std::time::{Duration, Instant};

use local_postgres::LocalPostgres;
pub use metrics::Metrics;
pub use openapi::check_openapi;
pub use process::Process;
use reqwest::{Client, ClientBuilder, IntoUrl, Response};
pub use schemathesis::schemathesis;
use serde_json::Value;
pub use skip::{skip, skip_without};

/// Nothing that a test waits for takes longer on a busy machine of two cores.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Longer than anything takes that does not wait, on a busy machine of two cores; shorter than what
/// waits for a bound to be over, one part after the other.
pub const AT_ONCE: Duration = Duration::from_secs(10);

/// Between two looks at what is waited for.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks `probe` again and again until it has an answer.
///
/// # Panics
/// When there is none after [`DEADLINE`]; `what` says what was waited for.
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

/// Asks `probe` again and again until its answer is `expected`.
///
/// # Panics
/// When it is not after [`DEADLINE`], with the last answer; `what` says what was asked for.
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

/// A client for requests that no reader of [`signals`] makes: of any method, with any header,
/// whatever the answer.
#[must_use]
pub fn client() -> Client {
    client_with(|settings| settings)
}

/// [`client`] with settings of a test's own.
///
/// # Panics
/// When they do not make a client.
pub fn client_with(settings: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
    // A proxy that the shell has set is not for the servers of a test.
    let client = settings(Client::builder().no_proxy()).build();
    client.expect("a client without TLS has little that can fail")
}

/// GETs `url` with [`client`].
///
/// # Errors
/// When there is no answer; any status is one.
pub async fn fetch(url: impl IntoUrl) -> Result<Response, reqwest::Error> {
    client().get(url).send().await
}

/// GETs `url`; the status and the body as JSON, or as a JSON string where it is none.
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

/// A PostgreSQL server of the test's own; none, with a line that says so, where it is not
/// installed.
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
