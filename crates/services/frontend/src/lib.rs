//! The page, and the entry point of every roll.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | the page; for a client that prefers JSON, a description: `service`, `version`, `endpoints` |
//! | `GET /roll?die=fair` | dice-roller's answer and `trace_id`; for a browser, in the page |
//! | `GET /roll-async?die=fair&times=5` | the same, for a batch |
//! | `GET /form?die=fair&async=on&times=5` | a redirect to one of the two, for the page's form |
//! | `POST /sign-in` `name=Ada` | a redirect to the page; sets the visitor's name |
//! | `POST /sign-out` | a redirect to the page; removes the visitor's name |
//! | `GET /api/dice` | up to 24 dice with their specifications, how many more there are (`omitted`), and `trace_id` |
//! | `GET /api/trace/{id}?wait=2` | a trace, for the waterfall |
//! | `GET /assets/...`, `GET /favicon.ico` | style, script and icon |
//!
//! Where to read on: `app` has the routes, `handlers` one handler for each request, `render`
//! decides the form of every answer, and `backend` and `trace` call the services behind it. User
//! actions are also logged as usage events, see `usage`.

mod accept;
mod answer;
mod app;
mod assets;
mod backend;
mod config;
mod error;
mod faults;
mod handlers;
mod links;
mod metrics;
mod page;
mod render;
mod schema;
mod security;
mod session;
mod trace;
mod usage;

use std::io;

use service::Program;
use telemetry::{Losses, Service};
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use crate::config::Config;

/// The name, version and description of this service.
pub const PROGRAM: Program = Program {
    service: Service {
        name: "frontend",
        version: env!("CARGO_PKG_VERSION"),
    },
    about: "The page, and the entry point of every roll",
};

/// Serves on `listener` until `shutdown` is ready; `/metrics` has `losses`.
///
/// # Errors
/// When the listener fails.
pub async fn run(
    config: Config,
    listener: TcpListener,
    losses: Losses,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stop, stopping) = watch::channel(false);
    let shutdown = async move {
        shutdown.await;
        stop.send_replace(true);
    };
    let server = app::server(config, &losses, stopping);
    server.run(listener, shutdown).await
}
