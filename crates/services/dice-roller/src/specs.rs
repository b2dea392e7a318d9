//! The source of die specifications.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use base_url::endpoint;
use dice::{Catalogue, Die};
use serde::Deserialize;
use telemetry::bounded;
use telemetry::client::{CallError, Client, Reply, shown};
use telemetry::metrics::KnownValues;
use tracing::{Instrument, field, info_span};
use url::Url;

use crate::Config;
use crate::error::Error;
use crate::metrics::Metrics;

/// Where the dice are listed if this service does not have them: there may be any number.
const ELSEWHERE: &str = "GET /dice of die-service lists those there are";

/// die-service if the deployment has its URL, otherwise the built-in dice.
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

    /// The die with this name.
    ///
    /// # Errors
    /// If the die does not exist, or die-service is unavailable.
    pub(crate) async fn find(&self, identifier: &str) -> Result<Die, Error> {
        match self {
            Self::BuiltIn(dice) => {
                let die = dice.get(identifier);
                die.ok_or_else(|| unknown(identifier, names(dice)))
            }
            Self::Remote(service) => {
                let span = info_span!("query die service", otel.status_code = field::Empty);
                let found = service.find(identifier).instrument(span.clone()).await;
                // An unknown die is a valid answer.
                if !matches!(found, Ok(_) | Err(Error::UnknownDie { .. })) {
                    span.record("otel.status_code", "ERROR");
                }
                found
            }
        }
    }
}

fn unknown(identifier: &str, known: String) -> Error {
    let identifier = identifier.to_owned();
    Error::UnknownDie { identifier, known }
}

/// The names of the dice; the first 20 if there are more.
fn names(dice: &Catalogue) -> String {
    let names: Vec<_> = dice.identifiers().take(20).collect();
    format!("the dice are {}", names.join(", "))
}

/// die-service. Each request queries it again, because it owns the specifications.
pub(crate) struct DieService {
    client: Client,
    base: Url,
    timeout: Duration,
    /// The dice that are label values; all others are `unknown`.
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
            Err(Error::UnknownDie { .. }) => "not_found",
            Err(Error::DieServiceTimeout) => "timeout",
            Err(_) => "error",
        };
        let labels = [self.labels.guard(identifier), outcome];
        self.metrics.lookups.with_label_values(&labels).inc();
        found
    }

    fn interpret(&self, identifier: &str, reply: Result<Reply, CallError>) -> Result<Die, Error> {
        match reply {
            Ok(reply) => self.read(identifier, &reply),
            Err(error @ CallError::Unreachable(_)) => {
                Err(self.unavailable(identifier, &error.cause()))
            }
            Err(CallError::Timeout(_)) => {
                tracing::error!(
                    die_identifier = identifier,
                    backend_url = shown(&self.base),
                    timeout = ?self.timeout,
                    "Die service did not answer in time"
                );
                Err(Error::DieServiceTimeout)
            }
        }
    }

    /// Reads the answer of die-service. Any server answers 404 to an unknown path: only a 404 that
    /// names the die means that the die does not exist.
    fn read(&self, identifier: &str, reply: &Reply) -> Result<Die, Error> {
        let problem = || serde_json::from_slice(&reply.body).ok().map(Problem::words);
        match reply.status {
            StatusCode::OK => serde_json::from_slice(&reply.body)
                .map_err(|error| self.unexpected(identifier, &error.to_string())),
            StatusCode::NOT_FOUND => match problem() {
                Some(detail) if detail.contains(&format!("{identifier:?}")) => {
                    Err(unknown(identifier, ELSEWHERE.to_owned()))
                }
                _ => Err(self.unexpected(identifier, reply.status.as_str())),
            },
            status if status.is_server_error() => {
                Err(self.server_error(identifier, status, problem()))
            }
            status => Err(self.unexpected(identifier, status.as_str())),
        }
    }

    /// Maps an error answer of die-service, with its detail if it has one.
    fn server_error(&self, identifier: &str, status: StatusCode, detail: Option<String>) -> Error {
        let Some(detail) = detail else {
            return self.unavailable(identifier, status.as_str());
        };
        let is_database = detail == dice::DATABASE_UNAVAILABLE;
        let message = match is_database {
            true => "Die service's database is not available",
            false => "Die service failed",
        };
        tracing::error!(
            die_identifier = identifier,
            backend_url = shown(&self.base),
            backend_status = status.as_u16(),
            cause = detail,
            "{message}"
        );
        match is_database {
            true => Error::DatabaseUnavailable,
            false => Error::DieServiceFailed { status, detail },
        }
    }

    fn unavailable(&self, identifier: &str, cause: &str) -> Error {
        tracing::error!(
            die_identifier = identifier,
            backend_url = shown(&self.base),
            cause,
            "Die service is not available"
        );
        Error::DieServiceUnavailable
    }

    fn unexpected(&self, identifier: &str, cause: &str) -> Error {
        tracing::error!(
            die_identifier = identifier,
            backend_url = shown(&self.base),
            cause,
            "Unexpected answer from die-service; check DIE_SERVICE_URL"
        );
        Error::DieServiceUnavailable
    }

    fn url(&self, identifier: &str) -> Url {
        endpoint(&self.base, "/dice", &[("identifier", identifier)])
    }
}

/// An error answer of die-service.
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

impl Problem {
    /// The detail on one line, with bounded length, because clients receive it.
    fn words(self) -> String {
        let is_shown = |letter: &char| !letter.is_control();
        bounded(&self.detail).chars().filter(is_shown).collect()
    }
}
