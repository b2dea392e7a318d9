//! Which dice there are: the list of the front door, with the specification of each.

use std::time::Duration;

use dice::{Catalogue, Die};
use serde::Deserialize;
use telemetry::client::{Client, endpoint};
use url::Url;

use crate::probe::get_untraced;

/// The maximum number of dice that are probed, and so the number of values of the label `die`.
const MAX_DICE: usize = 24;

/// How long the list may take. The frontend waits for die-service for up to 2 s.
const TIMEOUT: Duration = Duration::from_secs(4);

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
    let url = endpoint(base, "/api/dice");
    let reply = get_untraced(client, url, TIMEOUT).await;
    let reply = reply.map_err(|error| error.cause())?;
    match reply.status.as_u16() {
        200 => {}
        404 => return Ok(built_in()),
        _ => return Err(reply.status.to_string()),
    }
    let list = serde_json::from_slice::<List>(&reply.body);
    let mut dice = list.map_err(|error| error.to_string())?.dice;
    dice.truncate(MAX_DICE);
    Ok(dice)
}
