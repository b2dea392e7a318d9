//! Rolls dice: one at a time, or a batch whose rolls are concurrent tasks.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | what this is: `service`, `version`, `endpoints` |
//! | `GET /roll?die=fair` | `{"roll":4}` |
//! | `GET /roll-async?die=fair&times=5` | `{"total":17,"rolls":[...],"count":5}` |

mod error;
mod metrics;
mod peak;
mod roll;
mod specs;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use dice::{BatchSize, Catalogue, Die};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::{Background, Program, Query, Server, get_only};
use telemetry::client::http_url;
use telemetry::http::{Admission, Limits};
use telemetry::{Service, set_attribute};
use tokio::net::TcpListener;
use url::Url;

use crate::error::Error;
use crate::metrics::Metrics;
use crate::roll::Roller;
use crate::specs::Specs;

/// How this service presents itself.
pub const PROGRAM: Program = Program {
    service: Service {
        name: "dice-roller",
        version: env!("CARGO_PKG_VERSION"),
    },
    about: "Rolls dice, one or a batch of concurrent ones",
};

/// What the deployment decides.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Where die specifications come from; without it, from this program itself
    #[arg(long, env = "DIE_SERVICE_URL", value_name = "URL", value_parser = http_url)]
    pub die_service_url: Option<Url>,

    /// How long to wait for die-service
    #[arg(
        long,
        env = "DIE_SERVICE_TIMEOUT",
        value_name = "DURATION",
        default_value = "2s"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub die_service_timeout: Duration,

    /// Longest time a roll takes; each takes a random one from 0 to this, 0s turns it off
    #[arg(
        long,
        env = "ROLL_DELAY",
        value_name = "DURATION",
        default_value = "1s"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub roll_delay: Duration,

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
    let metrics = Metrics::register(&registry, &Catalogue::embedded());
    let background = Background::default();
    let statuses = &[200, 404, 414, 422, 500, 503, 504];
    let routes = [
        ("/", &[200][..]),
        ("/roll", statuses),
        ("/roll-async", statuses),
    ];
    let app = App {
        about: service::about(PROGRAM.service, &routes, &["/openapi.json"]),
        specs: Specs::new(config, metrics.clone()),
        roller: Roller::new(config.roll_delay, metrics, background.clone()),
    };
    let own = Router::new()
        .route("/", get(about))
        .route("/roll", get_only(roll))
        .route("/roll-async", get_only(roll_async))
        .with_state(Arc::new(app));
    let admission = Admission::new(&registry, config.limits);
    let app = service::app(own, &registry, &routes, &admission);
    let app = service::with_document(app, include_str!("../openapi.json"));
    Server::new(app, admission).with_background(background)
}

struct App {
    about: Value,
    specs: Specs,
    roller: Roller,
}

async fn about(State(app): State<Arc<App>>) -> Json<Value> {
    Json(app.about.clone())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RollQuery {
    die: String,
}

#[derive(Serialize)]
struct RollAnswer {
    roll: u8,
}

async fn roll(
    State(app): State<Arc<App>>,
    Query(RollQuery { die }): Query<RollQuery>,
) -> Result<Json<RollAnswer>, Error> {
    dice::check_name(&die)?;
    set_attribute("die.type", die.clone());
    let die = app.specs.find(&die).await?;
    let roll = app.roller.roll(&die).await?;
    Ok(Json(RollAnswer { roll }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchQuery {
    die: String,
    times: BatchSize,
}

#[derive(Serialize)]
struct BatchAnswer {
    total: u32,
    rolls: Vec<u8>,
    count: usize,
}

async fn roll_async(
    State(app): State<Arc<App>>,
    Query(BatchQuery { die, times }): Query<BatchQuery>,
) -> Result<Json<BatchAnswer>, Error> {
    dice::check_name(&die)?;
    set_attribute("die.type", die.clone());
    set_attribute("async.batch_size", i64::from(times.get()));
    let die: Die = app.specs.find(&die).await?;
    let rolls = app.roller.roll_batch(die, times).await?;
    let total = rolls.iter().copied().map(u32::from).sum();
    set_attribute("async.total_result", i64::from(total));
    Ok(Json(BatchAnswer {
        total,
        count: rolls.len(),
        rolls,
    }))
}
