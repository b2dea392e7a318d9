//! Serving `/metrics`, while the probes run.

use std::io;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use service::{About, Document, Program, Server};
use telemetry::{Losses, Service};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::config::Config;
use crate::metrics::Metrics;
use crate::schedule::Schedule;

/// The interval of looks at the faults that are on: shorter than that of scrapes.
const LOOK: Duration = Duration::from_secs(1);

/// The service's name, address and description.
pub const PROGRAM: Program = Program {
    service: Service {
        name: "prober",
        version: env!("CARGO_PKG_VERSION"),
    },
    about: "Rolls every die through the front door, and measures availability, latency and fairness",
};

/// Probes and serves on `listener` until `shutdown` is ready; `/metrics` has `losses`.
///
/// # Errors
/// If the listener fails.
pub async fn run(
    config: Config,
    listener: TcpListener,
    losses: Losses,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let registry = telemetry::metrics::registry(PROGRAM.service, &losses);
    let (own, api) = OpenApiRouter::new()
        .routes(routes!(about))
        .split_for_parts();
    let document = Document::new(PROGRAM, api);
    let own = own.with_state(document.about());
    let server = Server::documented(own, &registry, document, config.limits);
    let metrics = Metrics::register(&registry);
    let _faults = AbortOnDropHandle::new(tokio::spawn(show_faults(metrics.clone())));
    let schedule = Schedule::start(config, metrics);
    let _probes = AbortOnDropHandle::new(tokio::spawn(schedule.run()));
    server.run(listener, shutdown).await
}

/// Follows the file of flags.
async fn show_faults(metrics: Metrics) {
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        ticks.tick().await;
        metrics.show_faults();
    }
}

/// Describe the service
#[utoipa::path(get, path = "/", responses(
    (status = 200, description = "The service, its version, and its paths.", body = About),
))]
async fn about(State(about): State<About>) -> Json<About> {
    Json(about)
}
