//! Serves the dice specifications: which dice there are, and what each is made of. They are
//! compiled in, or in PostgreSQL when there is a `DATABASE_URL`.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | what this is: `service`, `version`, `endpoints`, and the number of `dice` |
//! | `GET /dice` | the identifiers, sorted |
//! | `GET /dice?identifier=fair` | one specification; 404 for an unknown die |

mod error;
mod metrics;
mod store;

use std::io;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use dice::Die;
use serde::Deserialize;
use serde_json::{Value, json};
use service::{Program, Query, Server};
use telemetry::http::{Admission, Limits};
use telemetry::{Service, set_attribute};
use tokio::net::TcpListener;

use crate::error::Error;
use crate::metrics::Metrics;
use crate::store::Store;

/// How this service presents itself.
pub const PROGRAM: Program = Program {
    service: Service {
        name: "die-service",
        version: env!("CARGO_PKG_VERSION"),
    },
    about: "Serves the dice specifications",
};

/// What the deployment decides.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Config {
    /// Where the dice are; without a URL, in this program itself.
    #[command(flatten)]
    pub database: database::Options,

    /// How much is taken on at once.
    #[command(flatten)]
    pub limits: Limits,
}

/// Serves on `listener` until `shutdown` is ready.
///
/// # Errors
/// When the listener fails.
pub async fn run(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    server(&config).run(listener, shutdown).await
}

fn server(config: &Config) -> Server {
    let registry = telemetry::metrics::registry(PROGRAM.service);
    let metrics = Metrics::register(&registry);
    let loaded = metrics.loaded.clone();
    let loaded = move |dice| loaded.set(i64::try_from(dice).unwrap_or(i64::MAX));
    let dice = Store::new(config, &registry, loaded);
    let routes = [
        ("/", &[200, 503][..]),
        ("/dice", &[200, 404, 414, 422, 500, 503]),
    ];
    let app = App {
        about: service::about(PROGRAM.service, &routes, &["/openapi.json"]),
        dice,
        metrics,
    };
    let own = Router::new()
        .route("/", get(about))
        .route("/dice", get(self::dice))
        .with_state(Arc::new(app));
    let admission = Admission::new(&registry, config.limits);
    let app = service::app(own, &registry, &routes, &admission);
    let app = service::with_document(app, include_str!("../openapi.json"));
    Server::new(app, admission)
}

struct App {
    about: Value,
    dice: Store,
    metrics: Metrics,
}

async fn about(State(app): State<Arc<App>>) -> Result<Json<Value>, Error> {
    let mut about = app.about.clone();
    about["dice"] = app.dice.identifiers().await?.len().into();
    Ok(Json(about))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lookup {
    identifier: Option<String>,
}

async fn dice(State(app): State<Arc<App>>, Query(lookup): Query<Lookup>) -> Response {
    match lookup.identifier {
        Some(identifier) => app.specification(identifier).await.into_response(),
        None => app.list().await.into_response(),
    }
}

impl App {
    async fn list(&self) -> Result<Json<Value>, Error> {
        self.metrics.lists.inc();
        let identifiers = self.dice.identifiers().await?;
        tracing::info!(count = identifiers.len(), "Dice listed");
        Ok(Json(json!({ "identifiers": identifiers })))
    }

    async fn specification(&self, identifier: String) -> Result<Json<Die>, Error> {
        dice::check_name(&identifier)?;
        self.metrics.requested(&identifier);
        set_attribute("die.identifier", identifier.clone());
        let die = self.dice.find(&identifier).await?;
        set_attribute("die.found", die.is_some());
        match die {
            Some(die) => {
                tracing::info!(die_identifier = identifier, die_found = true, "Die found");
                Ok(Json(die))
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
