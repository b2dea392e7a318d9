//! Serves the dice specifications: which dice there are, and what each is made of.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | name, version and number of dice |
//! | `GET /dice` | the identifiers, sorted |
//! | `GET /dice?identifier=fair` | one specification; 404 for an unknown die |

mod error;
mod metrics;

use std::io;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use dice::{Catalogue, Die};
use serde::Deserialize;
use serde_json::json;
use service::{Program, Query};
use telemetry::metrics::Registry;
use telemetry::{Service, set_attribute};
use tokio::net::TcpListener;

use crate::error::Error;
use crate::metrics::Metrics;

/// How this service presents itself.
pub const PROGRAM: Program = Program {
    service: Service {
        name: "die-service",
        version: env!("CARGO_PKG_VERSION"),
    },
    about: "Serves the dice specifications",
};

/// There is nothing to configure: the dice are compiled in.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Config {}

/// Serves on `listener` until `shutdown` is ready.
///
/// # Errors
/// When the listener fails.
pub async fn run(
    Config {}: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let registry = telemetry::metrics::registry(PROGRAM.service);
    service::serve(app(Catalogue::embedded(), &registry), listener, shutdown).await
}

fn app(catalogue: Catalogue, registry: &Registry) -> Router {
    let metrics = Metrics::register(registry, &catalogue);
    let own = Router::new()
        .route("/", get(about))
        .route("/dice", get(dice))
        .with_state(Arc::new(App {
            dice: catalogue,
            metrics,
        }));
    let routes = [("/", &[200][..]), ("/dice", &[200, 404, 414, 422])];
    let app = service::app(own, registry, &routes);
    service::with_document(app, include_str!("../openapi.json"))
}

struct App {
    dice: Catalogue,
    metrics: Metrics,
}

async fn about(State(app): State<Arc<App>>) -> Response {
    let Service { name, version } = PROGRAM.service;
    Json(json!({ "name": name, "version": version, "dice": app.dice.count() })).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lookup {
    identifier: Option<String>,
}

async fn dice(State(app): State<Arc<App>>, Query(lookup): Query<Lookup>) -> Response {
    match lookup.identifier {
        Some(identifier) => app.specification(identifier).into_response(),
        None => app.list().into_response(),
    }
}

impl App {
    fn list(&self) -> Response {
        self.metrics.lists.inc();
        let identifiers: Vec<_> = self.dice.identifiers().collect();
        tracing::info!(count = identifiers.len(), "Dice listed");
        Json(json!({ "identifiers": identifiers })).into_response()
    }

    fn specification(&self, identifier: String) -> Result<Json<Die>, Error> {
        let die = self.dice.get(&identifier);
        self.metrics.requested(&identifier);
        set_attribute("die.identifier", identifier.clone());
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
                Err(Error::UnknownDie {
                    identifier,
                    known: self.dice.identifiers().map(str::to_owned).collect(),
                })
            }
        }
    }
}
