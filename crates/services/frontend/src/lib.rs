//! The page, and the entry point of every roll.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | the page; for a client that prefers JSON, what this is: `service`, `version`, `endpoints` |
//! | `GET /roll?die=fair` | the roller's answer and `trace_id`; for a browser, in the page |
//! | `GET /roll-async?die=fair&times=5` | the same |
//! | `GET /form?die=fair&async=on&times=5` | to one of the two: the page's form |
//! | `POST /sign-in` `name=Ada` | to the page, with a name from now on |
//! | `POST /sign-out` | to the page, without one |
//! | `GET /api/dice` | the dice with their specifications, and `trace_id` |
//! | `GET /api/trace/{id}?wait=2` | a trace, for the waterfall |
//! | `GET /assets/...` | style, script and icon |
//!
//! What people do is also written down as usage events, see `usage`.

mod accept;
mod assets;
mod backend;
mod browser;
mod error;
mod links;
mod metrics;
mod page;
mod root;
mod security;
mod session;
mod sign_in;
mod template;
mod trace;
mod trace_id;
mod usage;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::HeaderMap;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use dice::{BatchSize, Die};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::{Program, Query, Server, get_only};
use telemetry::client::http_url;
use telemetry::http::{Admission, Limits, instrument};
use telemetry::{Service, set_attribute};
use tokio::net::TcpListener;
use tokio::sync::watch;
use url::Url;

use crate::backend::{Answer, Backend};
use crate::error::Error;
use crate::page::Page;
use crate::session::Visitor;
use crate::trace::{Traces, Wait};
use crate::usage::Action;

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

    /// Tempo, for the waterfall; without it, the page says that tracing is off
    #[arg(long, env = "TRACE_QUERY_URL", value_name = "URL", value_parser = http_url)]
    pub trace_query_url: Option<Url>,

    /// Grafana as browsers reach it, for the links out; without it, there are none
    #[arg(long, env = "GRAFANA_URL", value_name = "URL", value_parser = browser_url)]
    pub grafana_url: Option<Url>,

    /// The uid of the dashboard to link to; without it, Grafana's home
    #[arg(long, env = "GRAFANA_DASHBOARD", value_name = "UID", value_parser = dashboard_uid)]
    pub grafana_dashboard: Option<String>,

    /// How much is taken on at once.
    #[command(flatten)]
    pub limits: Limits,
}

/// Unlike a service of the stack, what browsers reach may well have TLS in front of it.
fn browser_url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        _ => Err("not a URL for a browser, as in http://localhost:3000".to_owned()),
    }
}

fn dashboard_uid(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=40).contains(&text.len()) && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err("a uid has 1 to 40 letters, digits, hyphens or underscores".to_owned())
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
    let (stop, stopping) = watch::channel(false);
    let shutdown = async move {
        shutdown.await;
        stop.send_replace(true);
    };
    server(config, stopping).run(listener, shutdown).await
}

/// What the handlers share.
struct App {
    about: Value,
    page: Page,
    traces: Traces,
    backend: Backend,
}

/// The routes; `stopping` becomes true when requests in flight are to end.
fn server(config: Config, stopping: watch::Receiver<bool>) -> Server {
    let registry = telemetry::metrics::registry(PROGRAM.service);
    let admission = Admission::new(&registry, config.limits);
    let statuses: &[u16] = &[200, 404, 414, 422, 500, 503, 504];
    let routes = [
        ("/", &[200][..]),
        ("/api/dice", &[200]),
        ("/roll", statuses),
        ("/roll-async", statuses),
        ("POST /sign-in", &[303, 413, 422]),
        ("POST /sign-out", &[303]),
    ];
    let app = Arc::new(App {
        about: service::about(PROGRAM.service, &routes, &UNOBSERVED),
        page: Page::new(&config),
        traces: Traces::new(config.trace_query_url.clone(), stopping),
        backend: Backend::new(config, &registry),
    });
    let rolls = Router::new()
        .route("/roll", get_only(roll))
        .route("/roll-async", get_only(roll_async))
        .route_layer(from_fn_with_state(Arc::clone(&app), browser::answer));
    let own = Router::new()
        .route("/", get(root::answer))
        .route("/api/dice", get(dice))
        .route("/sign-in", post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .layer(DefaultBodyLimit::max(sign_in::MAX_BYTES))
        .merge(rolls)
        .with_state(Arc::clone(&app));
    let own = service::with_fallbacks(own).layer(map_response(trace_id::add));
    let unobserved = admission.guard(unobserved(app));
    let app = instrument(own, &registry, &routes, &admission).merge(unobserved);
    let app = service::with_document(app, include_str!("../openapi.json"));
    Server::new(app.layer(map_response(security::add)), admission)
}

/// What is documented of what has no metrics.
const UNOBSERVED: [&str; 3] = ["/form", "/api/trace/{id}", "/openapi.json"];

/// What belongs to the page and is no roll: outside the middleware, like `/healthz`, so that
/// metrics and traces tell of rolls, and looking at a trace makes none.
fn unobserved(app: Arc<App>) -> Router {
    Router::new()
        .route("/form", get(browser::choose))
        .route("/api/trace/{id}", get(trace))
        .with_state(app)
        .merge(assets::router())
}

#[derive(Serialize)]
struct Dice {
    dice: Vec<Die>,
    trace_id: Option<String>,
}

async fn dice(State(app): State<Arc<App>>) -> Json<Dice> {
    Json(Dice {
        dice: app.backend.dice().await,
        trace_id: telemetry::trace_id(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RollQuery {
    die: String,
}

async fn roll(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Query(RollQuery { die }): Query<RollQuery>,
) -> Result<Answer, Error> {
    dice::check_name(&die)?;
    set_attribute("die.type", die.clone());
    let die_type = app.backend.die_type(&die);
    usage::record(&visitor, Action::Roll { die_type });
    app.backend.roll(&die).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchQuery {
    die: String,
    times: BatchSize,
}

async fn roll_async(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Query(BatchQuery { die, times: size }): Query<BatchQuery>,
) -> Result<Answer, Error> {
    dice::check_name(&die)?;
    set_attribute("die.type", die.clone());
    set_attribute("async.batch_size", i64::from(size.get()));
    let die_type = app.backend.die_type(&die);
    usage::record(&visitor, Action::RollBatch { die_type, size });
    app.backend.roll_batch(&die, size).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TraceQuery {
    #[serde(default)]
    wait: Wait,
}

async fn trace(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
    Query(TraceQuery { wait }): Query<TraceQuery>,
) -> Result<Response, Error> {
    // What is not even UTF-8 once decoded.
    let Path(id) = id.map_err(|_| Error::NotATraceId)?;
    let view = app.traces.find(&id, wait).await?;
    Ok(trace::answer(&view, accept::prefers_html(&headers)))
}
