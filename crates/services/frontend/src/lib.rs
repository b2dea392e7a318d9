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
//! | `GET /api/dice` | up to 24 dice with their specifications, how many more there are (`omitted`), and `trace_id` |
//! | `GET /api/trace/{id}?wait=2` | a trace, for the waterfall |
//! | `GET /assets/...`, `GET /favicon.ico` | style, script and icon |
//!
//! How to read it: `app` has the routes, `handlers` what each request does, `render` the form of every
//! answer, `backend` and `trace` the services behind it. What people do is also logged as usage
//! events, see `usage`.

mod accept;
mod answer;
mod app;
mod assets;
mod backend;
mod config;
mod error;
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
use telemetry::Service;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use crate::config::Config;

/// How this service presents itself.
pub const PROGRAM: Program = Program {
    service: Service {
        name: "frontend",
        version: env!("CARGO_PKG_VERSION"),
    },
    about: "The page, and the entry point of every roll",
};

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
    app::server(config, stopping).run(listener, shutdown).await
}
