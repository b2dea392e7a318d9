//! mini-alloy: a stand-in for Grafana Alloy's routing of usage lines, for running without Docker and
//! for tests.
//!
//! It is not Alloy. It accepts log lines, recognises usage lines by their content and posts them to
//! usage-sink as Alloy does with `stack/alloy/config.alloy` (compared with Alloy 1.18's engine):
//!
//! * A usage line is a JSON object whose top-level `usage` is `true` or `"true"`.
//! * Requests are OTLP/HTTP JSON with gzip. Each line has its own `resourceLogs > scopeLogs >
//!   logRecords` chain, with the whole line as `body.stringValue` and its `timestamp` as
//!   `timeUnixNano`. Alloy adds its labels as attributes; mini-alloy adds none.
//! * A batch is sent at 500 lines or 1 s after its first line. 429, 502, 503, 504 and missing answers
//!   are retried without end, after 1 s to 5 s; any other error status drops the lines.
//! * The queue is bounded in lines and in bytes. A task that submits a line to a full queue waits, so
//!   nothing is lost. Only lines that are too long are dropped, and counted.
//!
//! It ignores all other lines, and tells the caller which ones they are by their [`Route`]:
//!
//! ```no_run
//! # async fn run(lines: Vec<Vec<u8>>) {
//! use mini_alloy::{Pipeline, Route, Settings};
//!
//! let sink = "http://localhost:8115/v1/logs".parse().expect("a URL");
//! let pipeline = Pipeline::start(Settings::new(sink));
//! let handle = pipeline.handle();
//! for line in lines {
//!     if handle.line(&line).await == Route::Operational {
//!         println!("{}", String::from_utf8_lossy(&line));
//!     }
//! }
//! let counters = pipeline.stop(std::time::Duration::from_secs(2)).await;
//! println!("{} usage lines sent, {} dropped", counters.sent, counters.dropped);
//! # }
//! ```
//!
//! `line` recognises usage lines, `pipeline` queues them, `delivery` sends them.

mod delivery;
mod line;
mod pipeline;

pub use line::Route;
pub use pipeline::{Counters, Handle, Pipeline, Settings};
