//! The backend: accepts operations, assigns them to workers, and records their outcomes.
//!
//! * `api`: requests from clients.
//! * `fleet`: requests from workers.
//! * `dispatch`: requests to workers.
//! * `state`: the rules, on top of `ledger` and `workers`.

mod api;
mod dispatch;
mod error;
mod fleet;
mod ledger;
mod metrics;
mod state;
mod workers;

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use service::{About, Background, Program};
use telemetry::client::Client;
use telemetry::http::Limits;
use telemetry::{Losses, Service};
use tokio::net::TcpListener;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::metrics::Metrics;
use self::state::State;
use crate::http;

/// The service's name, address and description.
pub const PROGRAM: Program = Program {
    service: Service {
        name: "ktrdr-backend",
        version: env!("CARGO_PKG_VERSION"),
    },
    about: "Accepts operations and assigns them to workers",
};

/// The configuration of a deployment.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Operations of each type that may wait for a worker; further ones are rejected
    #[arg(
        long,
        env = "QUEUE_CAPACITY",
        value_name = "OPERATIONS",
        default_value_t = 8
    )]
    #[arg(value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(0..=10_000))]
    pub queue_capacity: usize,

    /// Interval at which workers must send heartbeats
    #[arg(long, env = "HEARTBEAT", value_name = "DURATION", default_value = "2s")]
    #[arg(value_parser = heartbeat)]
    pub heartbeat: Duration,

    /// Consecutive heartbeats that a worker may miss before it counts as lost
    #[arg(
        long,
        env = "MISSED_HEARTBEATS",
        value_name = "BEATS",
        default_value_t = 3
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100))]
    pub missed_heartbeats: u32,

    /// Limits for concurrent requests.
    #[command(flatten)]
    pub limits: Limits,
}

fn heartbeat(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(period) if (Duration::from_millis(50)..=Duration::from_secs(60)).contains(&period) => {
            Ok(period)
        }
        _ => Err("expected a duration from 50ms to 1m".to_owned()),
    }
}

/// Serves on `listener` until `shutdown` is ready; `/metrics` has `losses`. Operations that have not
/// ended by then are lost.
///
/// # Errors
/// When the listener fails.
pub async fn run(
    config: Config,
    listener: TcpListener,
    losses: Losses,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let registry = telemetry::metrics::registry(PROGRAM.service, &losses);
    let metrics = Metrics::register(&registry, config.queue_capacity);
    let (own, api) = router().split_for_parts();
    let document = http::document(PROGRAM, api);
    let backend = Arc::new(Backend {
        about: document.about(),
        state: Mutex::new(State::new(metrics, config.queue_capacity)),
        client: Client::default(),
        heartbeat: config.heartbeat,
        silence: config.heartbeat * (config.missed_heartbeats + 1),
        background: Background::default(),
    });
    let own = own.with_state(Arc::clone(&backend));
    let server = http::server(own, &registry, document, config.limits)
        .with_background(backend.background.clone());
    tokio::select! {
        served = server.run(listener, shutdown) => served,
        never = backend.watch() => match never {},
    }
}

fn router() -> OpenApiRouter<Arc<Backend>> {
    OpenApiRouter::new()
        .routes(routes!(api::about))
        .routes(routes!(api::start_backtest))
        .routes(routes!(api::start_training))
        .routes(routes!(api::data))
        .routes(routes!(api::operations))
        .routes(routes!(api::operation))
        .routes(routes!(api::cancel))
        .routes(routes!(fleet::report))
        .routes(routes!(api::workers, fleet::register))
        .routes(routes!(fleet::leave))
        .routes(routes!(fleet::beat))
}

struct Backend {
    about: About,
    state: Mutex<State>,
    client: Client,
    heartbeat: Duration,
    /// A worker is lost after this time without a heartbeat.
    silence: Duration,
    /// The client for requests to workers.
    background: Background,
}

impl Backend {
    /// Runs one transition, sends the resulting orders to workers, and updates the gauges.
    fn change<T>(self: &Arc<Self>, transition: impl FnOnce(&mut State) -> T) -> T {
        let (answer, orders) = {
            let mut state = self.state.lock().expect(NO_PANIC);
            let answer = transition(&mut state);
            let orders = state.assign();
            state.update_gauges();
            (answer, orders)
        };
        for order in orders {
            let deliver = dispatch::deliver(Arc::clone(self), order);
            self.background.spawn(deliver);
        }
        answer
    }

    fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.lock().expect(NO_PANIC))
    }

    /// Checks for silent workers, without end.
    async fn watch(self: &Arc<Self>) -> Infallible {
        let mut ticks = tokio::time::interval(self.heartbeat / 2);
        loop {
            ticks.tick().await;
            self.change(|state| state.sweep(self.silence));
        }
    }
}

const NO_PANIC: &str = "nothing panics while it holds the state";
