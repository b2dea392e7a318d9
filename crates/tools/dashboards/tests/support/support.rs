//! Shared by the tests: compiled dashboards in parsed form, and Grafana's handling of queries.

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
