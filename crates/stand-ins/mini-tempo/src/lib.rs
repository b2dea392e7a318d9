//! mini-tempo: a stand-in for Grafana Tempo, for running without Docker and for tests.
//!
//! It is not Tempo. It receives traces as OTLP, keeps the newest in memory, and serves the part of
//! Tempo's HTTP API that a page or a test needs, in Tempo's own JSON and protobuf (compared with
//! the sources of Tempo 3.0.3):
//!
//! * [`receiver()`]: `POST /v1/traces`, OTLP http/protobuf and http/json, optionally with gzip, at
//!   most [`MAX_BODY_BYTES`]
//! * [`api()`]: `GET /ready`, `/metrics`, `/usage_metrics`, `/api/echo`, `/api/status/buildinfo`, `/api/traces/{id}`,
//!   `/api/v2/traces/{id}`, `/api/search`
//!
//! Memory is bounded: a store by its [`Bounds`], a trace by [`MAX_TRACE_BYTES`], a span by
//! [`MAX_SPAN_BYTES`], a text by [`MAX_TEXT_BYTES`]. The oldest traces are dropped first;
//! `/metrics` counts what was dropped, rejected or truncated. A span that is received twice is kept
//! once and counted, whereas Tempo stores, returns and counts it twice.
//!
//! It supports one spanset filter of TraceQL, `{ span.die.type = "fair" && duration > 100ms }`, and
//! answers other queries with a 400 that names the unsupported part. Traces are protobuf for a
//! client that accepts it and JSON for any other; everything else is JSON or text, whatever
//! `Accept` names.
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
//! `measure` estimates a request's memory before it is decoded, `otlp` splits requests into spans
//! and `trim` truncates them, `store`, `state`, `pages` and `sources` hold them, encoded as they
//! arrived, `trace` is one trace, `traceql` selects spans by their `head`, of which `summary` and
//! `vocabulary` say which need not be read, and `answer`, `json` and `api` write Tempo's answers. `tail` drops traces
//! as a whole, as a collector with tail sampling does.

mod answer;
mod api;
mod head;
mod ids;
mod json;
mod measure;
mod metrics;
mod otlp;
mod otlp_json;
mod pages;
mod receiver;
mod rejection;
mod request_error;
mod signature;
mod source;
mod sources;
mod state;
mod store;
mod summary;
mod tail;
mod trace;
mod traceql;
mod trim;
mod value;
mod vocabulary;
mod wire;

pub use api::api;
pub use ids::{InvalidTraceId, SpanId, TraceId};
pub use receiver::{BODY_TIMEOUT, MAX_BODIES_BYTES, MAX_BODY_BYTES, MAX_DECODED_BYTES, receiver};
pub use rejection::{MAX_SPAN_BYTES, MAX_TRACE_BYTES, Rejection, Rejections};
pub use store::{
    Bounds, Counters, DEFAULT_MAX_BYTES, DEFAULT_MAX_SPANS, MAX_SERVICES, OTHER_SERVICES, Store,
};
pub use tail::{Call, Calls, TailSampling};
pub use trace::{Span, Trace};
pub use trim::{MAX_TEXT_BYTES, MAX_VALUE_DEPTH};
pub use value::{Kind, Status, Value};
