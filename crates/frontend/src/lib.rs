//! The page, and the entry point of every roll.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | the page |
//! | `GET /roll?die=fair` | the roller's answer and `trace_id` |
//! | `GET /roll-async?die=fair&times=5` | the roller's answer and `trace_id` |

mod backend;
mod error;
mod metrics;
mod page;
mod trace_id;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::middleware::map_response;
use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use dice::BatchSize;
use serde::Deserialize;
use service::{Program, Query};
use telemetry::client::http_url;
use telemetry::http::instrument;
use telemetry::{Service, set_attribute};
use tokio::net::TcpListener;
use url::Url;

use crate::backend::{Answer, Backend};
use crate::error::Error;

/// How this service presents itself.
pub const PROGRAM: Program = Program {
    service: Service {
        name: "frontend",
        version: env!("CARGO_PKG_VERSION"),
    },
    about: "The page, and the entry point of every roll",
};

/// What the deployment decides.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Who rolls the dice
    #[arg(long, env = "DICE_ROLLER_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:8107")]
    pub dice_roller_url: Url,

    /// Who knows the dice for the drop-down; without it, this program itself
    #[arg(long, env = "DIE_SERVICE_URL", value_name = "URL", value_parser = http_url)]
    pub die_service_url: Option<Url>,

    /// How long to wait for one roll
    #[arg(
        long,
        env = "ROLL_TIMEOUT",
        value_name = "DURATION",
        default_value = "5s"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub roll_timeout: Duration,

    /// How long to wait for a batch
    #[arg(
        long,
        env = "ROLL_ASYNC_TIMEOUT",
        value_name = "DURATION",
        default_value = "10s"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub roll_async_timeout: Duration,
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
    service::serve(app(config), listener, shutdown).await
}

fn app(config: Config) -> Router {
    let registry = telemetry::metrics::registry(PROGRAM.service);
    let own = Router::new()
        .route("/", get(page))
        .route("/roll", get(roll))
        .route("/roll-async", get(roll_async))
        .with_state(Arc::new(Backend::new(config, &registry)));
    let own = service::with_fallbacks(own).layer(map_response(trace_id::add));
    let statuses: &[u16] = &[200, 404, 422, 500, 503, 504];
    let routes = [
        ("/", &[200][..]),
        ("/roll", statuses),
        ("/roll-async", statuses),
    ];
    instrument(own, &registry, &routes)
}

async fn page(State(backend): State<Arc<Backend>>) -> Html<String> {
    Html(page::render(&backend.dice().await))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RollQuery {
    die: String,
}

async fn roll(
    State(backend): State<Arc<Backend>>,
    Query(RollQuery { die }): Query<RollQuery>,
) -> Result<Json<Answer>, Error> {
    set_attribute("die.type", die.clone());
    backend.roll(&die).await.map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchQuery {
    die: String,
    times: BatchSize,
}

async fn roll_async(
    State(backend): State<Arc<Backend>>,
    Query(BatchQuery { die, times }): Query<BatchQuery>,
) -> Result<Json<Answer>, Error> {
    set_attribute("die.type", die.clone());
    set_attribute("async.batch_size", i64::from(times.get()));
    backend.roll_batch(&die, times).await.map(Json)
}
