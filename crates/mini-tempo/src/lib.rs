//! mini-tempo: a stand-in for Grafana Tempo, for running without Docker and for tests.
//!
//! It is not Tempo. It takes traces as OTLP, keeps the newest of them in memory and answers the part of Tempo's HTTP API
//! that a page or a test needs, in Tempo's own JSON (compared with the sources of Tempo 3):
//!
//! * [`receiver()`]: `POST /v1/traces`, OTLP http/protobuf, uncompressed, at most [`MAX_BODY_BYTES`]
//! * [`api()`]: `GET /ready`, `/api/echo`, `/api/status/buildinfo`, `/api/traces/{id}`, `/api/v2/traces/{id}`, `/api/search`
//!
//! Of TraceQL it knows one spanset filter, `{ span.die.type = "fair" && duration > 100ms }`; anything else is answered with
//! a 400 that names what is missing. JSON is the only answer format, whatever `Accept` says.
//!
//! The caller binds the listeners:
//!
//! ```no_run
//! # async fn run() -> std::io::Result<()> {
//! let store = mini_tempo::Store::new(mini_tempo::DEFAULT_MAX_SPANS);
//! let otlp = tokio::net::TcpListener::bind("127.0.0.1:4318").await?;
//! let http = tokio::net::TcpListener::bind("127.0.0.1:3200").await?;
//! tokio::spawn(axum::serve(otlp, mini_tempo::receiver(store.clone())).into_future());
//! axum::serve(http, mini_tempo::api(store)).await
//! # }
//! ```
//!
//! To read the code: `otlp` takes requests apart into spans, `store` keeps them, `trace` is what one trace knows about
//! itself, `traceql` and `tags` select traces, `json` and `api` write Tempo's answers.

mod api;
mod duration;
mod ids;
mod json;
mod otlp;
mod quoted;
mod receiver;
mod store;
mod tags;
mod trace;
mod traceql;
mod value;

pub use api::api;
pub use ids::{InvalidTraceId, SpanId, TraceId};
pub use receiver::{MAX_BODY_BYTES, receiver};
pub use store::{Counters, DEFAULT_MAX_SPANS, MAX_SERVICES, OTHER_SERVICES, Store};
pub use trace::{Span, Trace};
pub use value::{Kind, Status, Value};
