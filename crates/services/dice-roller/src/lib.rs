//! Rolls dice: one at a time, or a batch whose rolls are concurrent tasks.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | the service's description: `service`, `version`, `endpoints` |
//! | `GET /roll?die=fair` | `{"roll":4}` |
//! | `GET /roll-async?die=fair&times=5` | `{"total":17,"rolls":[...],"count":5}` |

mod error;
mod faults;
mod metrics;
mod peak;
mod roll;
mod specs;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use clap::builder::RangedU64ValueParser;
use dice::schema::Name;
use dice::{BatchSize, Catalogue, Die};
use serde::{Deserialize, Serialize};
use service::{About, Background, Document, Program, Query, Server, get_only};
use telemetry::client::http_url;
use telemetry::http::Limits;
use telemetry::{Losses, Service, set_attribute};
use tokio::net::TcpListener;
use url::Url;
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::error::Error;
use crate::metrics::Metrics;
use crate::roll::Roller;
use crate::specs::Specs;

/// The service's name, address and description.
pub const PROGRAM: Program = Program {
    service: Service {
        name: "dice-roller",
        version: env!("CARGO_PKG_VERSION"),
    },
    about: "Rolls dice, one or a batch of concurrent ones",
};

/// The configuration of a deployment.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// die-service's URL; without it, the built-in dice are used
    #[arg(long, env = "DIE_SERVICE_URL", value_name = "URL", value_parser = http_url)]
    pub die_service_url: Option<Url>,

    /// Timeout of a request to die-service
    #[arg(
        long,
        env = "DIE_SERVICE_TIMEOUT",
        value_name = "DURATION",
        default_value = "2s"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub die_service_timeout: Duration,

    /// Longest duration of a roll; each roll takes a random time from 0 to this, and 0s disables
    /// the delay
    #[arg(
        long,
        env = "ROLL_DELAY",
        value_name = "DURATION",
        default_value = "1s"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub roll_delay: Duration,

    /// Memory in MB that the fault memory-leak takes before the process is killed, 10 to 1000. In a
    /// container with less, the system kills it first
    #[arg(
        long,
        env = "FAULTS_MEMORY_LIMIT",
        value_name = "MB",
        default_value_t = 200,
        hide_short_help = true
    )]
    #[arg(value_parser = RangedU64ValueParser::<usize>::new().range(10..=1000))]
    pub faults_memory_limit: usize,

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
    let metrics = Metrics::register(&registry, &Catalogue::embedded());
    let background = Background::default();
    faults::start(&metrics.lookups, config.faults_memory_limit);
    let (own, api) = OpenApiRouter::new()
        .routes(routes!(about))
        .routes(routes!(roll).map(get_only))
        .routes(routes!(roll_async).map(get_only))
        .split_for_parts();
    let document = Document::new(PROGRAM, api);
    let app = App {
        about: document.about(),
        specs: Specs::new(config, metrics.clone()),
        roller: Roller::new(config.roll_delay, metrics, background.clone()),
    };
    let own = own.with_state(Arc::new(app));
    Server::documented(own, &registry, document, config.limits).with_background(background)
}

struct App {
    about: About,
    specs: Specs,
    roller: Roller,
}

/// Describe the service
#[utoipa::path(get, path = "/", responses(
    (status = 200, description = "The service, its version, and its paths.", body = About),
))]
async fn about(State(app): State<Arc<App>>) -> Json<About> {
    Json(app.about.clone())
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RollQuery {
    /// The die to roll.
    #[param(inline, value_type = Name, example = "fair")]
    die: String,
}

/// The result of a roll.
#[derive(Serialize, ToSchema)]
#[schema(as = Roll)]
struct RollAnswer {
    #[schema(schema_with = dice::schema::value)]
    roll: u8,
}

/// Roll once
#[utoipa::path(get, path = "/roll", params(RollQuery), responses(
    (status = 200, description = "The result of the roll.", body = RollAnswer, example = json!({"roll": 4})),
    (status = 404, description = "The die does not exist; names have at most 64 characters."),
    (status = 500, description = "The roll failed because of the error rate of the die."),
    (status = 503, description = "A required service cannot be reached."),
    (status = 504, description = "A required service did not answer in time."),
))]
async fn roll(
    State(app): State<Arc<App>>,
    Query(RollQuery { die }): Query<RollQuery>,
) -> Result<Json<RollAnswer>, Error> {
    dice::check_name(&die)?;
    set_attribute("die.type", die.clone());
    let die = app.specs.find(&die).await?;
    faults::before_roll().await?;
    let roll = app.roller.roll(&die).await?;
    Ok(Json(RollAnswer { roll }))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BatchQuery {
    /// The die to roll.
    #[param(inline, value_type = Name, example = "fair")]
    die: String,
    /// The number of concurrent rolls.
    #[param(inline, example = 5)]
    times: BatchSize,
}

/// The result of a roll.in a batch.
#[derive(Serialize, ToSchema)]
#[schema(as = Batch)]
struct BatchAnswer {
    /// The sum of the rolls.
    total: u32,
    /// The values of the rolls.
    #[schema(schema_with = dice::schema::rolls)]
    rolls: Vec<u8>,
    /// The number of rolls.
    #[schema(minimum = 1, maximum = 20)]
    count: usize,
}

/// Roll a batch
///
/// Each roll runs as a separate task; the batch takes as long as its slowest roll.
#[utoipa::path(get, path = "/roll-async", operation_id = "rollAsync", params(BatchQuery), responses(
    (
        status = 200,
        description = "The result of the roll.",
        body = BatchAnswer,
        example = json!({"total": 17, "rolls": [4, 1, 6, 2, 4], "count": 5}),
    ),
    (status = 404, description = "The die does not exist; names have at most 64 characters."),
    (status = 500, description = "A roll of the batch failed; the others were made."),
    (status = 503, description = "A required service cannot be reached."),
    (status = 504, description = "A required service did not answer in time."),
))]
async fn roll_async(
    State(app): State<Arc<App>>,
    Query(BatchQuery { die, times }): Query<BatchQuery>,
) -> Result<Json<BatchAnswer>, Error> {
    dice::check_name(&die)?;
    set_attribute("die.type", die.clone());
    set_attribute("async.batch_size", i64::from(times.get()));
    let die: Die = app.specs.find(&die).await?;
    faults::before_roll().await?;
    let rolls = app.roller.roll_batch(die, times).await?;
    let total = rolls.iter().copied().map(u32::from).sum();
    set_attribute("async.total_result", i64::from(total));
    Ok(Json(BatchAnswer {
        total,
        count: rolls.len(),
        rolls,
    }))
}
