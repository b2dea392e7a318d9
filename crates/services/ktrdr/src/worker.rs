//! A worker: registers with a backend and runs one operation at a time.
//!
//! * `slot`: the running operation, and requests to stop it.
//! * `run`: one operation, from its assignment to its report.
//! * `membership`: registering, heartbeats, leaving.

mod membership;
mod run;
mod slot;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use service::{About, Problem, Program, Query};
use telemetry::client::{Client, http_url};
use telemetry::http::Limits;
use telemetry::{Cause, Losses, Service, set_attribute};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::slot::{Slot, Stop};
use crate::flags::between;
use crate::http::{self, Body, Segment};
use crate::protocol::{Assignment, Cancel, IDS, OperationType, Running, is_id};
use crate::schema::Id;

/// The service's name, address and description.
pub const PROGRAM: Program = Program {
    service: Service {
        name: "ktrdr-worker",
        version: env!("CARGO_PKG_VERSION"),
    },
    about: "Runs backtests or trainings, one at a time",
};

/// How long the current run may take to end after the worker was stopped.
const STOP_BOUND: Duration = Duration::from_secs(2);

/// Default limits of requests in flight and of connections. Only the backend, Prometheus and a health
/// check call a worker, and its container has 24 MB: the defaults of the other services would need
/// 14 MB, see `tests/fleet/crowd.rs`.
const REQUESTS: &str = "32";
const CONNECTIONS: &str = "64";

/// The configuration of a deployment.
#[derive(Debug, Clone, clap::Args)]
#[command(mut_arg("max_in_flight", |flag| flag.default_value(REQUESTS)))]
#[command(mut_arg("max_connections", |flag| flag.default_value(CONNECTIONS)))]
pub struct Config {
    /// The type of operations that this worker runs
    #[arg(long = "type", env = "WORKER_TYPE", value_enum, default_value_t = OperationType::Backtest)]
    pub worker_type: OperationType,

    /// The backend's URL
    #[arg(long, env = "BACKEND_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://127.0.0.1:8000")]
    pub backend_url: Url,

    /// The URL at which the backend reaches this worker [default: the address of --listen]
    #[arg(long, env = "ADVERTISE_URL", value_name = "URL", value_parser = http_url)]
    pub advertise_url: Option<Url>,

    /// The name of this worker, 1 to 64 characters [default: host and port of --advertise-url]
    #[arg(long, env = "WORKER_ID", value_name = "NAME", value_parser = worker_id)]
    pub id: Option<String>,

    /// The share of operations that fail with a simulated fault, 0.0 to 1.0; the seed determines
    /// which ones fail
    #[arg(
        long,
        env = "FAILURE_SHARE",
        value_name = "SHARE",
        default_value_t = 0.005
    )]
    #[arg(value_parser = |text: &str| between(text, 0.0, 1.0))]
    pub failure_share: f64,

    /// The share of one CPU core that an operation may use, 0.01 to 1.0
    #[arg(long, env = "MAX_DUTY", value_name = "SHARE", default_value_t = 0.25)]
    #[arg(value_parser = |text: &str| between(text, 0.01, 1.0))]
    pub max_duty: f64,

    /// Limits for concurrent requests.
    #[command(flatten)]
    pub limits: Limits,
}

fn worker_id(text: &str) -> Result<String, String> {
    match is_id(text) {
        true => Ok(text.to_owned()),
        false => Err(IDS.to_owned()),
    }
}

/// Serves on `listener` until `shutdown` is ready, then returns its operation to the backend.
/// `/metrics` has `losses`.
///
/// # Errors
/// If the listener fails, or if it listens on all addresses without `advertise_url`.
pub async fn run(
    config: Config,
    listener: TcpListener,
    losses: Losses,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let url = match &config.advertise_url {
        Some(url) => url.clone(),
        None => own_url(listener.local_addr()?)?,
    };
    let id = config.id.clone().unwrap_or_else(|| authority(&url));
    let registry = telemetry::metrics::registry(PROGRAM.service, &losses);
    let busy = telemetry::metrics::gauge(
        &registry,
        "worker_busy",
        "1 while this worker is running an operation",
    );
    let (own, api) = OpenApiRouter::new()
        .routes(routes!(about))
        .routes(routes!(start))
        .routes(routes!(cancel))
        .split_for_parts();
    let document = http::document(PROGRAM, api);
    let worker = Arc::new(Worker {
        about: document.about(),
        config,
        id,
        url,
        client: Client::default(),
        slot: Slot::new(busy),
        latest: Mutex::new(None),
        lease: Mutex::new(None),
    });
    let own = own.with_state(Arc::clone(&worker));
    let server = http::server(own, &registry, document, worker.config.limits);
    tokio::select! {
        served = server.run(listener, shutdown) => served?,
        never = worker.stay_registered() => match never {},
    }
    worker.stop().await;
    Ok(())
}

fn own_url(address: SocketAddr) -> io::Result<Url> {
    if address.ip().is_unspecified() {
        return Err(io::Error::other(format!(
            "listening on {address}, which the backend cannot reach: set --advertise-url or ADVERTISE_URL"
        )));
    }
    let url = Url::parse(&format!("http://{address}"));
    Ok(url.expect("an address makes a URL"))
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    format!("{host}:{}", url.port_or_known_default().unwrap_or_default())
}

struct Worker {
    about: About,
    config: Config,
    id: String,
    url: Url,
    client: Client,
    slot: Slot,
    /// The last run; earlier ones have ended.
    latest: Mutex<Option<JoinHandle<()>>>,
    lease: Mutex<Option<u32>>,
}

impl Worker {
    /// Ends the current run and leaves the backend, which assigns the operation to another worker.
    async fn stop(&self) {
        self.slot.stop(None, Stop::Abandon);
        let latest = self.latest.lock().expect(NO_PANIC).take();
        if let Some(run) = latest {
            // Stop waiting after this time: the backend does not wait for the result either.
            let _ = tokio::time::timeout(STOP_BOUND, run).await;
        }
        self.leave().await;
    }
}

const NO_PANIC: &str = "nothing panics while it holds the lock";

/// The description of the worker, with its running operation.
#[derive(Serialize, ToSchema)]
struct AboutWorker {
    #[serde(flatten)]
    about: About,
    id: String,
    worker_type: OperationType,
    #[schema(required)]
    running: Option<Running>,
}

/// Describe the worker
#[utoipa::path(get, path = "/", responses(
    (status = 200, description = "The worker, and what it is running.", body = AboutWorker),
))]
async fn about(State(worker): State<Arc<Worker>>) -> Json<AboutWorker> {
    Json(AboutWorker {
        about: worker.about.clone(),
        id: worker.id.clone(),
        worker_type: worker.config.worker_type,
        running: worker.slot.running(),
    })
}

/// Run an operation
#[utoipa::path(post, path = "/api/v1/runs", request_body = Assignment, responses(
    (status = 202, description = "The run has started; a report follows."),
    (status = 409, description = "The worker is running another operation."),
))]
async fn start(
    State(worker): State<Arc<Worker>>,
    Body(assignment): Body<Assignment>,
) -> Result<StatusCode, Problem> {
    let wanted = assignment.job.operation_type().as_str();
    let own = worker.config.worker_type.as_str();
    if wanted != own {
        let detail = format!("operation_type: {wanted} is not allowed, expected {own}");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
    }
    if !is_id(&assignment.operation_id) {
        let detail = format!("operation_id: {IDS}");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
    }
    if let Err(mistake) = assignment.job.check() {
        let detail = mistake.to_string();
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
    }
    if !worker.slot.take(&assignment) {
        let detail = "this worker is running another operation";
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    set_attribute("operation.id", assignment.operation_id.clone());
    set_attribute("operation.type", own);
    let run = tokio::spawn(run::run(Arc::clone(&worker), assignment, Cause::current()));
    *worker.latest.lock().expect(NO_PANIC) = Some(run);
    Ok(StatusCode::ACCEPTED)
}

/// Stop an operation
///
/// A late request does not stop a later attempt, which may run on this worker too.
#[utoipa::path(
    post,
    path = "/api/v1/runs/{id}/cancel",
    params(("id" = inline(Id), Path), Cancel),
    responses(
        (status = 202, description = "The run will stop."),
        (status = 404, description = "This attempt is not running on this worker."),
    ),
)]
async fn cancel(
    State(worker): State<Arc<Worker>>,
    Segment(id): Segment,
    Query(Cancel { attempt }): Query<Cancel>,
) -> Result<StatusCode, Problem> {
    if worker.slot.stop(Some((&id, attempt)), Stop::Cancel) {
        return Ok(StatusCode::ACCEPTED);
    }
    let detail = format!("attempt {attempt} of operation {id:?} is not running on this worker");
    Err(Problem::new(StatusCode::NOT_FOUND, detail))
}
