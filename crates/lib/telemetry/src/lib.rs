//! Metrics, logs and traces, set up once and used identically by every binary.
//!
//! The only crate through which services name OpenTelemetry. Read it in this order:
//!
//! 1. [`Settings`]: every flag and variable, as clap shows them.
//! 2. [`init`] and [`Telemetry::shutdown`]: the life of the pipeline in one process.
//! 3. [`http`]: the one middleware, a SERVER span and the RED metrics for each request.
//! 4. [`client`]: the CLIENT span, and the context passed on.
//! 5. [`metrics`]: the registry, `/metrics`, and label values that no request can invent.
//!
//! A number in a span is recorded as `i64` or `f64`: `tracing-opentelemetry` makes text of unsigned
//! ones, which no TraceQL comparison finds.
//!
//! What is lost is counted in the [`Losses`] of its pipeline, and said once for each outage:
//! `telemetry_spans_total` has spans that were rejected, failed or dropped,
//! `telemetry_log_lines_dropped_total` has lines, `process_panics_total` panics.
//! `http_requests_rejected_total` has requests without room.
//!
//! Logs are [`tracing`] events, written as JSON lines by `logs`; spans are [`tracing`] spans,
//! exported by `export.rs`.

pub mod client;
mod collector;
mod endpoint;
pub mod environment;
mod export;
mod filter;
pub mod http;
mod logs;
mod losses;
pub mod metrics;
mod panics;
mod pipeline;
mod resource;
mod secrets;
mod settings;
mod span;
mod trace_context;

pub use losses::Losses;
pub use pipeline::{InitError, Service, Telemetry, init, init_to, scoped};
pub use resource::ResourceAttributes;
pub use secrets::{text_without_secret, without_secrets};
pub use settings::{LogFormat, Protocol, Sampler, Settings, TracesExporter};
pub use span::{Cause, MAX_TEXT, bounded, set_attribute, trace_id, traceresponse};
