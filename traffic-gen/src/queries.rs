//! Requests to die-service itself, for the list of dice or for one die.
//!
//! `direct` sends a fixed number of them sequentially, `database` sends them at a steady rate.

pub(crate) mod database;
pub(crate) mod direct;
mod tally;

use std::time::Duration;

use base_url::endpoint;
use dice::Catalogue;
use rand::RngExt;
use rand::rngs::StdRng;
use telemetry::client::Client;
use tracing::{Instrument, Span, field, info_span};
use url::Url;

use self::tally::{Report, Tally};
use crate::error::Failure;
use crate::random::{DiceMix, probability};
use crate::reach::Needed;

/// What a query asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Query {
    List,
    Get(String),
}

/// The mix of queries, drawn at random.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct QueryMix {
    /// Share of queries for the list of dice, 0.0 to 1.0
    #[arg(
        long,
        env = "LIST_TO_GET_RATIO",
        value_name = "SHARE",
        default_value_t = 0.1
    )]
    #[arg(value_parser = probability)]
    list_ratio: f64,

    /// Dice to query, by weight; golden does not exist
    #[arg(long, env = "DICE_MIX", value_name = "NAME=WEIGHT,...")]
    #[arg(default_value = "fair=30,risky=30,extreme=30,golden=10")]
    dice: DiceMix,
}

impl QueryMix {
    fn draw(&self, rng: &mut StdRng) -> Query {
        if rng.random_bool(self.list_ratio) {
            Query::List
        } else {
            Query::Get(self.dice.draw(rng))
        }
    }
}

impl Query {
    fn kind(&self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Get(_) => "get",
        }
    }

    fn span(&self, run: &str) -> Span {
        let identifier = match self {
            Self::List => None,
            Self::Get(identifier) => Some(identifier.as_str()),
        };
        info_span!(
            parent: None,
            "query",
            otel.name = self.kind(),
            otel.status_code = field::Empty,
            "traffic.run" = run,
            "die.identifier" = identifier,
        )
    }
}

/// The meaning of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Fine,
    NoSuchDie,
    Failed(Failure),
}

/// A client of one die-service.
#[derive(Debug, Clone)]
struct DieService {
    client: Client,
    base: Url,
    timeout: Duration,
    dice: Catalogue,
    run: String,
}

impl DieService {
    fn new(base: &Url, timeout: Duration, run: &str) -> Self {
        Self {
            client: Client::default(),
            base: base.clone(),
            timeout,
            dice: Catalogue::embedded(),
            run: run.to_owned(),
        }
    }

    async fn send(&self, query: &Query) -> Found {
        let span = query.span(&self.run);
        let found = self.exchange(query).instrument(span.clone()).await;
        if let Found::Failed(_) = found {
            span.record("otel.status_code", "ERROR");
        }
        found
    }

    async fn exchange(&self, query: &Query) -> Found {
        let (url, exists) = match query {
            Query::List => (endpoint(&self.base, "/dice", &[]), true),
            Query::Get(identifier) => (
                endpoint(&self.base, "/dice", &[("identifier", identifier)]),
                self.dice.get(identifier).is_some(),
            ),
        };
        match self.client.get(url, self.timeout).await {
            Ok(reply) if reply.status.is_success() => Found::Fine,
            Ok(reply) if reply.status.as_u16() == 404 && !exists => Found::NoSuchDie,
            Ok(reply) => Found::Failed(Failure::Status(reply.status.as_u16())),
            Err(error) => Found::Failed((&error).into()),
        }
    }
}

/// die-service as a requirement of both modes.
fn needed(url: &Url) -> Needed<'_> {
    Needed {
        service: "die-service",
        url,
        flag: "--die-service-url",
    }
}
