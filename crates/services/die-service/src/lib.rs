//! Serves the dice specifications: which dice exist, and the faces and error rate of each. The dice
//! are compiled in, or stored in PostgreSQL if `DATABASE_URL` is set.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | the service's description: `service`, `version`, `endpoints`, and the number of `dice` |
//! | `GET /dice` | the identifiers, sorted |
//! | `GET /dice?identifier=fair` | one specification; 404 for an unknown die |

mod error;
mod faults;
mod metrics;
mod store;

use std::io;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use dice::Die;
use dice::schema::Name;
use serde::{Deserialize, Serialize};
use service::{About, Document, Program, Query, Server};
use telemetry::http::Limits;
use telemetry::{Losses, Service, set_attribute};
use tokio::net::TcpListener;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::Error;
use crate::metrics::Metrics;
use crate::store::Store;

/// The service's name, address and description.
pub const PROGRAM: Program = Program {
    service: Service {
        name: "die-service",
        version: env!("CARGO_PKG_VERSION"),
    },
    about: "Serves the dice specifications",
};

/// The configuration of a deployment.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Config {
    /// The database with the dice; without a URL, the built-in dice are used.
    #[command(flatten)]
    pub database: database::Options,

    /// Limits for concurrent requests.
    #[command(flatten)]
    pub limits: Limits,
}

/// Serves on `listener` until `shutdown` is ready; `/metrics` has `losses`.
///
/// # Errors
/// If the listener fails.
pub async fn run(
    config: Config,
    listener: TcpListener,
    losses: Losses,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    server(&config, &losses).run(listener, shutdown).await
}

fn server(config: &Config, losses: &Losses) -> Server {
    let registry = telemetry::metrics::registry(PROGRAM.service, losses);
    let metrics = Metrics::register(&registry);
    let loaded = metrics.loaded.clone();
    let loaded = move |dice| loaded.set(i64::try_from(dice).unwrap_or(i64::MAX));
    let (own, api) = OpenApiRouter::new()
        .routes(routes!(about))
        .routes(routes!(dice))
        .split_for_parts();
    let document = Document::new(PROGRAM, api);
    let app = App {
        about: document.about(),
        dice: Store::new(config, &registry, loaded),
        metrics,
    };
    let own = own.with_state(Arc::new(app));
    Server::documented(own, &registry, document, config.limits)
}

struct App {
    about: About,
    dice: Store,
    metrics: Metrics,
}

/// What has been reached, and how many dice there are.
#[derive(Serialize, ToSchema)]
struct Inventory {
    #[serde(flatten)]
    about: About,
    /// The number of dice.
    dice: usize,
}

/// Describe the service
#[utoipa::path(get, path = "/", responses(
    (status = 200, description = "The service, and the number of dice.", body = Inventory),
    (status = 503, description = "The database with the dice does not answer."),
))]
async fn about(State(app): State<Arc<App>>) -> Result<Json<Inventory>, Error> {
    let dice = app.dice.identifiers().await?.len();
    let about = app.about.clone();
    Ok(Json(Inventory { about, dice }))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Lookup {
    /// The die to look up; without it, the list of dice.
    #[param(inline, value_type = Option<Name>, example = "fair")]
    identifier: Option<String>,
}

/// The list of dice, or one specification.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum Found {
    /// The list of dice.
    List {
        /// The names of the dice, sorted.
        identifiers: Vec<String>,
    },
    /// The requested die.
    Die(Die),
}

/// List the dice, or get one specification
#[utoipa::path(get, path = "/dice", params(Lookup), responses(
    (
        status = 200,
        description = "The identifiers, sorted, or the requested die.",
        body = Found,
        examples(
            ("list" = (value = json!({"identifiers": ["extreme", "fair", "risky"]}))),
            ("die" = (value = json!({
                "identifier": "fair",
                "specification": {"faces": [1, 2, 3, 4, 5, 6], "error_rate": 0.0}
            }))),
        ),
    ),
    (status = 404, description = "The die does not exist; names have at most 64 characters."),
    (status = 500, description = "The die in the database has an invalid specification."),
    (status = 503, description = "The dice cannot be read: the database with them does not answer."),
))]
async fn dice(
    State(app): State<Arc<App>>,
    Query(lookup): Query<Lookup>,
) -> Result<Json<Found>, Error> {
    faults::before_answer().await?;
    let found = match lookup.identifier {
        Some(identifier) => Found::Die(app.specification(identifier).await?),
        None => app.list().await?,
    };
    Ok(Json(found))
}

impl App {
    async fn list(&self) -> Result<Found, Error> {
        self.metrics.lists.inc();
        let identifiers = self.dice.identifiers().await?;
        tracing::info!(count = identifiers.len(), "Dice listed");
        Ok(Found::List { identifiers })
    }

    async fn specification(&self, identifier: String) -> Result<Die, Error> {
        dice::check_name(&identifier)?;
        self.metrics.requested(&identifier);
        set_attribute("die.identifier", identifier.clone());
        let die = self.dice.find(&identifier).await?;
        set_attribute("die.found", die.is_some());
        match die {
            Some(die) => {
                tracing::info!(die_identifier = identifier, die_found = true, "Die found");
                Ok(die)
            }
            None => {
                tracing::warn!(
                    die_identifier = identifier,
                    die_found = false,
                    "Die not found"
                );
                Err(Error::UnknownDie(identifier))
            }
        }
    }
}
