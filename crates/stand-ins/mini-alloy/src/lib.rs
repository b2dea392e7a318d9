//! mini-alloy: a stand-in for Grafana Alloy's routing of usage lines, for running without Docker and for tests.
//!
//! It is not Alloy. It takes log lines, tells usage lines from the others by their content and posts them to the
//! usage-sink the way `stack/alloy/config.alloy` makes Alloy do it (compared with Alloy 1.18's engine):
//!
//! * a usage line is a JSON object whose top-level `usage` is `true` or `"true"`, and nothing else;
//! * OTLP/HTTP JSON, gzip, every line in a `resourceLogs > scopeLogs > logRecords` chain of its own, whole in
//!   `body.stringValue`, with its own `timestamp` as `timeUnixNano`. Alloy adds its labels as attributes; here are none;
//! * sent at 500 lines or 1 s after the first; 429, 502, 503, 504 and no answer are retried for ever, after 1 s to 5 s;
//!   lines that any other status refuses are dropped;
//! * the queue is bounded in lines and in bytes, and a task that brings a line when it is full waits: nothing is lost,
//!   everything is held up. Only a line that is too long is dropped, and counted.
//!
//! The other lines are not its business; the caller hears which they are:
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
//! To read the code: `line` tells lines apart, `pipeline` queues them, `delivery` sends them.

mod delivery;
mod line;
mod pipeline;

pub use line::Route;
pub use pipeline::{Counters, Handle, Pipeline, Settings};
