//! The services behind the page.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use base_url::endpoint;
use dice::{BatchSize, Catalogue, Die};
use futures_util::future::try_join_all;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use telemetry::client::{CallError, Client, Reply, redacted};
use telemetry::metrics::Registry;
use url::Url;

use crate::answer::{Choice, Rolled};
use crate::config::Config;
use crate::error::Error;
use crate::faults;
use crate::metrics::Metrics;

/// How long the page waits for the list of dice, and then for their specifications, before it
/// shows the built-in ones.
const DICE_TIMEOUT: Duration = Duration::from_secs(1);

/// The maximum number of dice on the page.
const MAX_DICE: usize = 24;

/// dice-roller and die-service, as the page uses them.
pub(crate) struct Backend {
    config: Config,
    client: Client,
    /// The dice that are label values, and those shown when die-service is unavailable.
    dice: Catalogue,
    /// The dice found by the last page view.
    last_seen: Mutex<Vec<Die>>,
    metrics: Metrics,
}

impl Backend {
    pub(crate) fn new(config: Config, registry: &Registry) -> Self {
        let dice = Catalogue::embedded();
        let metrics = Metrics::register(registry, &dice);
        Self {
            config,
            client: Client::default(),
            last_seen: Mutex::new(all(&dice)),
            dice,
            metrics,
        }
    }

    /// One roll.
    ///
    /// # Errors
    /// When dice-roller reports an error or does not answer.
    pub(crate) async fn roll(&self, die: &str) -> Result<Rolled, Error> {
        self.ask("/roll", die, None, self.config.roll_timeout).await
    }

    /// A batch of rolls.
    ///
    /// # Errors
    /// When dice-roller reports an error or does not answer.
    pub(crate) async fn roll_batch(&self, die: &str, size: BatchSize) -> Result<Rolled, Error> {
        let size = size.to_string();
        self.metrics.batches.with_label_values(&[&size]).inc();
        self.ask(
            "/roll-async",
            die,
            Some(&size),
            self.config.roll_async_timeout,
        )
        .await
    }

    /// `die` as a label value: a known die, or `unknown`.
    pub(crate) fn die_type<'a>(&'a self, die: &'a str) -> &'a str {
        self.metrics.dice.guard(die)
    }

    async fn ask(
        &self,
        path: &str,
        die: &str,
        times: Option<&str>,
        timeout: Duration,
    ) -> Result<Rolled, Error> {
        let label = self.die_type(die);
        self.metrics.clicks.with_label_values(&[label]).inc();
        let mut url = endpoint(&self.config.dice_roller_url, path, &[]);
        url.query_pairs_mut()
            .append_pair("die", die)
            .extend_pairs(times.map(|n| ("times", n)));
        let start = Instant::now();
        let reply = faults::call(&self.client, &url, timeout).await;
        let seconds = start.elapsed().as_secs_f64();
        self.metrics
            .duration
            .with_label_values(&[label])
            .observe(seconds);
        let answer = interpret(die, &url, reply);
        let status = answer
            .as_ref()
            .map_or_else(Error::status, |_| StatusCode::OK);
        self.metrics
            .requests
            .with_label_values(&[label, status.as_str()])
            .inc();
        answer
    }

    /// The dice to choose from: those of die-service, or the built-in ones if none is configured or
    /// it is unavailable.
    pub(crate) async fn dice(&self) -> Choice {
        let found = match &self.config.die_service_url {
            None => built_in(&self.dice),
            Some(base) => {
                let url = endpoint(base, "/dice", &[]);
                self.ask_for_dice(&url).await.unwrap_or_else(|cause| {
                    let backend_url = redacted(&url).to_string();
                    tracing::warn!(
                        backend_url,
                        cause,
                        "Cannot list dice; the page shows the built-in ones"
                    );
                    built_in(&self.dice)
                })
            }
        };
        self.last_seen().clone_from(&found.dice);
        found
    }

    /// The dice of the last [`dice`](Self::dice), without a request that would appear in the trace
    /// of a roll.
    pub(crate) fn known_dice(&self) -> Vec<Die> {
        self.last_seen().clone()
    }

    fn last_seen(&self) -> MutexGuard<'_, Vec<Die>> {
        self.last_seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask_for_dice(&self, url: &Url) -> Result<Choice, String> {
        #[derive(Deserialize)]
        struct List {
            identifiers: Vec<String>,
        }
        let mut list: List = self.fetch(url.clone()).await?;
        let omitted = list.identifiers.len().saturating_sub(MAX_DICE);
        list.identifiers.truncate(MAX_DICE);
        let dice = list.identifiers.iter().map(|identifier| {
            let mut url = url.clone();
            url.query_pairs_mut().append_pair("identifier", identifier);
            self.fetch(url)
        });
        let dice = try_join_all(dice).await?;
        Ok(Choice { dice, omitted })
    }

    async fn fetch<T: DeserializeOwned>(&self, url: Url) -> Result<T, String> {
        let reply = self.client.get(url, DICE_TIMEOUT).await;
        let reply = reply.map_err(|error| error.cause())?;
        match reply.status {
            StatusCode::OK => {
                serde_json::from_slice(&reply.body).map_err(|error| error.to_string())
            }
            status @ StatusCode::NOT_FOUND => Err(format!("{status}; check DIE_SERVICE_URL")),
            status => Err(status.to_string()),
        }
    }
}

fn built_in(dice: &Catalogue) -> Choice {
    Choice {
        dice: all(dice),
        omitted: 0,
    }
}

fn all(dice: &Catalogue) -> Vec<Die> {
    dice.identifiers()
        .filter_map(|name| dice.get(name))
        .collect()
}

/// Maps the reply of dice-roller, or the lack of one, to the answer of this service.
fn interpret(die: &str, url: &Url, reply: Result<Reply, CallError>) -> Result<Rolled, Error> {
    let (die_type, backend_url) = (die, redacted(url).to_string());
    let reply = reply.map_err(|error| {
        let cause = error.cause();
        tracing::error!(die_type, backend_url, cause, "Dice roller {error}");
        match error {
            CallError::Timeout(_) => Error::RollerTimeout,
            CallError::Unreachable(_) => Error::RollerUnavailable,
        }
    })?;
    let backend_status = reply.status.as_u16();
    tracing::info!(
        die_type,
        backend_status,
        backend_url,
        "Dice roller answered"
    );
    read(die, &reply).map_err(|cause| {
        tracing::error!(
            die_type,
            backend_status,
            backend_url,
            cause,
            "Unexpected answer from dice-roller: check DICE_ROLLER_URL"
        );
        Error::RollerUnavailable
    })?
}

/// Reads the answer of dice-roller. Only documented fields and statuses are passed on.
///
/// # Errors
/// When the answer does not come from dice-roller, or is malformed.
fn read(die: &str, reply: &Reply) -> Result<Result<Rolled, Error>, String> {
    let status = reply.status;
    let body: Map<String, Value> =
        serde_json::from_slice(&reply.body).map_err(|error| error.to_string())?;
    if status == StatusCode::OK {
        if !body.contains_key("roll") && !body.contains_key("rolls") {
            return Err("a body without roll or rolls".to_owned());
        }
        return Ok(Ok(Rolled(body)));
    }
    let Some(Value::String(detail)) = body.get("detail") else {
        return Err(format!("{status} without a detail"));
    };
    match status.as_u16() {
        // Any other server also answers 404 to paths that it does not have.
        404 if !detail.contains(&format!("{die:?}")) => {
            Err(format!("404 that does not name the die: {detail}"))
        }
        404 | 414 | 422 | 500 | 503 | 504 => Ok(Err(Error::Roller {
            status,
            detail: detail.clone(),
            retry_after: reply.headers.get(RETRY_AFTER).cloned(),
        })),
        _ => Err(format!("{status}: {detail}")),
    }
}
