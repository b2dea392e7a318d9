//! The table of faults.

mod answers;
mod resources;
mod telemetry;

use crate::fault::Fault;
use crate::spec::{Signal, Source, Spec, Strength};

/// The rows, in the order of [`Fault::ALL`].
pub(crate) static SPECS: [Spec; Fault::ALL.len()] = [
    answers::SLOW_DIE_SERVICE,
    answers::FAILING_DIE_SERVICE,
    answers::SLOW_DICE_ROLLER,
    answers::FAILING_DICE_ROLLER,
    resources::BLOCKED_WORKER,
    answers::RETRY_STORM,
    resources::MEMORY_LEAK,
    resources::POOL_LEAK,
    resources::LOCKED_TABLE,
    telemetry::LOST_CONTEXT,
    telemetry::LOG_FLOOD,
    telemetry::LABEL_EXPLOSION,
    answers::BAD_RELEASE,
    telemetry::DEAD_COLLECTOR,
    answers::REFUSING_USAGE_SINK,
    resources::HUNG_WORKER,
    answers::LOADED_DIE,
];

/// The strength of a fault that is on or off.
const SWITCH: Strength = Strength {
    unit: "on",
    default: 1.0,
    min: 1.0,
    max: 1.0,
};

const fn seconds(unit: &'static str, default: f64, min: f64, max: f64) -> Strength {
    Strength {
        unit,
        default,
        min,
        max,
    }
}

const fn share(unit: &'static str, default: f64) -> Strength {
    Strength {
        unit,
        default,
        min: 0.01,
        max: 1.0,
    }
}

const fn promql(look: &'static str, query: &'static str, above: f64) -> Signal {
    Signal {
        look,
        source: Source::Prometheus,
        query,
        above,
    }
}
