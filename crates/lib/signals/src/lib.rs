//! Reads back what [`telemetry`](../telemetry/index.html) writes.
//!
//! | module | reads | from |
//! |---|---|---|
//! | [`tempo`] | traces by id, searches | Tempo's HTTP API, or mini-tempo's |
//! | [`loki`] | lines by LogQL | Loki's HTTP API |
//! | [`prometheus`] | instant queries, range selectors, exemplars | Prometheus' HTTP API |
//! | [`alertmanager`] | alerts | Alertmanager's HTTP API |
//! | [`exposition`] | samples | `/metrics` of a service, text format 0.0.4 |
//!
//! All of them send requests through [`Reader`], and fail with [`AskError`].

pub mod alertmanager;
pub mod exposition;
pub mod loki;
pub mod prometheus;
mod reader;
pub mod tempo;

pub use reader::{Ask, AskError, Reader};
pub use reqwest::{StatusCode, header};
