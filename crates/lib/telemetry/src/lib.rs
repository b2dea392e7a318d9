//! Metrics, logs and traces, set up once and used identically by every binary.
//!
//! The only crate through which services name OpenTelemetry. Read it in this order:
//!
//! 1. [`Settings`]: every flag and variable, as clap shows them.
//! 2. [`init`] and [`Telemetry::shutdown`]: the life of the pipeline in one process.
//! 3. [`http`]: the one middleware, a SERVER span and the RED metrics for each request.
//! 4. [`client`]: the CLIENT span of a call, and the trace context in its headers.
//! 5. [`metrics`]: the registry, `/metrics`, and label values that no request can create.
//!
//! Record numbers in spans as `i64` or `f64`: `tracing-opentelemetry` turns unsigned numbers into
//! text, which TraceQL does not compare.
//!
//! Losses are counted in the [`Losses`] of their pipeline and logged once for each outage.
//! `telemetry_spans_total` counts spans that were rejected, failed or dropped,
//! `telemetry_log_lines_dropped_total` log lines, `process_panics_total` panics, and
//! `http_requests_rejected_total` requests beyond the limits of a server.
//!
//! Logs are [`tracing`] events, written as JSON lines by `logs`. Spans are [`tracing`] spans, except
//! the SERVER span of a request, see `http/span.rs`; all are exported by `export.rs`.

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
mod release;
mod resource;
mod secrets;
mod settings;
mod span;
mod trace_context;
mod tracer;

pub use losses::Losses;
pub use pipeline::{InitError, Service, Telemetry, init, init_to, scoped};
pub use resource::ResourceAttributes;
pub use secrets::{parse, text_without_secret, without_secrets};
pub use settings::{LogFormat, Protocol, Sampler, Settings, TracesExporter, ratio};
pub use span::{Cause, MAX_TEXT, bounded, set_attribute, trace_id, traceresponse};
