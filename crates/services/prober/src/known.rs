//! Which dice there are: the list of the front door, with the specification of each.

use std::collections::BTreeMap;
use std::time::Duration;

use base_url::endpoint;
use dice::{Catalogue, Die};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use telemetry::client::Client;
use tracing::{Instrument, info_span};
use url::Url;

/// The path of the list, which dice-roller does not have.
const LIST: &str = "/api/dice";

/// The maximum number of dice that are probed, and so the number of values of the label `die`.
const MAX_DICE: usize = 24;

/// Timeout of each request. The frontend waits for die-service for up to 2 s.
const TIMEOUT: Duration = Duration::from_secs(4);

/// The answer of `GET /`, which describes a service.
#[derive(Deserialize)]
struct About {
    endpoints: BTreeMap<String, String>,
}

/// The answer of `GET /api/dice`.
#[derive(Deserialize)]
struct List {
    dice: Vec<Die>,
}

/// The dice that are compiled into every service.
pub(crate) fn built_in() -> Vec<Die> {
    let dice = Catalogue::embedded();
    let known = dice.identifiers().filter_map(|name| dice.get(name));
    known.collect()
}

/// The dice at `base`. A service without a list, which is dice-roller, has the built-in dice.
///
/// # Errors
/// Why there is no list now, for a log line.
pub(crate) async fn ask(client: &Client, base: &Url) -> Result<Vec<Die>, String> {
    let ask = async {
        let about: About = get(client, base, "/").await?;
        if !about.endpoints.contains_key(LIST) {
            return Ok(built_in());
        }
        let list: List = get(client, base, LIST).await?;
        let mut dice = list.dice;
        dice.truncate(MAX_DICE);
        Ok(dice)
    };
    ask.instrument(info_span!("list dice")).await
}

async fn get<T: DeserializeOwned>(client: &Client, base: &Url, path: &str) -> Result<T, String> {
    let url = endpoint(base, path, &[]);
    let reply = client.send("GET".parse().expect("a method"), url, |request| {
        request
            .timeout(TIMEOUT)
            .header("accept", "application/json")
    });
    let reply = reply.await.map_err(|error| error.cause())?;
    if reply.status.as_u16() != 200 {
        return Err(format!("{path}: {}", reply.status));
    }
    serde_json::from_slice(&reply.body).map_err(|error| format!("{path}: {error}"))
}
