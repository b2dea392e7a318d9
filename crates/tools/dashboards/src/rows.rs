//! The rows of the stages' dashboards, in order. Each panel declares the first stage that has it.

mod async_performance;
mod async_rolls;
mod async_trace;
mod business;
mod database;
mod dice_roller;
mod die_service;
mod frontend;
mod logs;
mod losses;
mod overview;
mod postgres;
mod resilience;
mod service_to_service;
mod system;
mod traces;
mod usage_events;
mod usage_routing;

use crate::model::layout::Row;

/// All rows.
pub(crate) fn all() -> Vec<Row> {
    vec![
        overview::row(),
        dice_roller::row(),
        frontend::row(),
        die_service::row(),
        async_rolls::row(),
        async_performance::row(),
        business::row(),
        service_to_service::row(),
        database::row(),
        postgres::row(),
        resilience::row(),
        usage_events::row(),
        usage_routing::row(),
        traces::row(),
        async_trace::row(),
        logs::row(),
        system::row(),
    ]
}
