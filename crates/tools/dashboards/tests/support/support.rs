//! What the tests share: compiled dashboards taken apart, and what Grafana does to a query.

#![allow(dead_code, reason = "each test binary uses a part")]

pub(crate) mod board;
pub(crate) mod inter;
pub(crate) mod interpolate;
pub(crate) mod links;
pub(crate) mod node;
pub(crate) mod oklab;
pub(crate) mod picture;
pub(crate) mod promtool;
pub(crate) mod text_panel;
