//! Where die specifications come from.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use dice::{Catalogue, Die};
use telemetry::client::{CallError, Client, Reply};
use telemetry::metrics::KnownValues;
use tracing::{Instrument, info_span};
use url::Url;

use crate::Config;
use crate::error::Error;
use crate::metrics::Metrics;

/// The deployment decides: without a URL, the dice are built in.
pub(crate) enum Specs {
    BuiltIn(Catalogue),
    Remote(DieService),
}

impl Specs {
    pub(crate) fn new(config: &Config, metrics: Metrics) -> Self {
        let dice = Catalogue::embedded();
        match config.die_service_url.clone() {
            None => Self::BuiltIn(dice),
            Some(base) => Self::Remote(DieService {
                client: Client::default(),
                base,
                timeout: config.die_service_timeout,
                labels: KnownValues::new(dice.identifiers()),
                metrics,
            }),
        }
    }

    /// The die of that name.
    ///
    /// # Errors
    /// When there is none, or nobody to ask.
    pub(crate) async fn find(&self, identifier: &str) -> Result<Die, Error> {
        match self {
            Self::BuiltIn(dice) => dice.get(identifier).ok_or_else(|| unknown(identifier)),
            Self::Remote(service) => {
                service
                    .find(identifier)
                    .instrument(info_span!("query die service"))
                    .await
            }
        }
    }
}

fn unknown(identifier: &str) -> Error {
    Error::UnknownDie(identifier.to_owned())
}

/// die-service, asked anew for each request: it owns the specifications.
pub(crate) struct DieService {
    client: Client,
    base: Url,
    timeout: Duration,
    /// The dice that are label values; others are `unknown`.
    labels: KnownValues,
    metrics: Metrics,
}

impl DieService {
    async fn find(&self, identifier: &str) -> Result<Die, Error> {
        let start = Instant::now();
        let reply = self.client.get(self.url(identifier), self.timeout).await;
        self.metrics
            .lookup_duration
            .observe(start.elapsed().as_secs_f64());
        let found = self.interpret(identifier, reply);
        let outcome = match &found {
            Ok(_) => "success",
            Err(Error::UnknownDie(_)) => "not_found",
            Err(Error::DieServiceTimeout) => "timeout",
            Err(_) => "error",
        };
        let labels = [self.labels.guard(identifier), outcome];
        self.metrics.lookups.with_label_values(&labels).inc();
        found
    }

    fn interpret(&self, identifier: &str, reply: Result<Reply, CallError>) -> Result<Die, Error> {
        match reply {
            Ok(Reply {
                status: StatusCode::OK,
                body,
                ..
            }) => serde_json::from_slice(&body)
                .map_err(|error| self.unavailable(identifier, &error.to_string())),
            Ok(Reply {
                status: StatusCode::NOT_FOUND,
                ..
            }) => Err(unknown(identifier)),
            Ok(Reply { status, .. }) => Err(self.unavailable(identifier, status.as_str())),
            Err(error @ CallError::Unreachable(_)) => {
                Err(self.unavailable(identifier, &error.cause()))
            }
            Err(CallError::Timeout(_)) => {
                let (url, timeout) = (self.base.as_str(), self.timeout);
                tracing::error!(
                    die_identifier = identifier,
                    backend_url = url,
                    ?timeout,
                    "Die service did not answer in time"
                );
                Err(Error::DieServiceTimeout)
            }
        }
    }

    fn unavailable(&self, identifier: &str, cause: &str) -> Error {
        tracing::error!(
            die_identifier = identifier,
            backend_url = self.base.as_str(),
            cause,
            "Die service is not available"
        );
        Error::DieServiceUnavailable
    }

    fn url(&self, identifier: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path("/dice");
        url.query_pairs_mut().append_pair("identifier", identifier);
        url
    }
}
