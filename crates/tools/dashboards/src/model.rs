//! The elements of dashboards, and their rendering as Grafana's classic JSON.

pub(crate) mod colour;
pub(crate) mod dashboard;
pub(crate) mod field;
pub(crate) mod grid;
pub(crate) mod joined;
pub(crate) mod json;
pub(crate) mod layout;
pub(crate) mod link;
pub(crate) mod panel;
pub(crate) mod promql;
pub(crate) mod sql;
pub(crate) mod target;
pub(crate) mod unit;
pub(crate) mod variable;
pub(crate) mod viz;
