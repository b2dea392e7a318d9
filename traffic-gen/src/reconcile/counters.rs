//! The counters that a roll increments, and the spans that tell whose increments they are.

/// What one record stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// A request for one roll or a batch.
    Request,
    /// A single roll.
    Roll,
    /// A roll of a batch.
    BatchRoll,
    /// A single roll or a roll of a batch.
    AnyRoll,
}

impl Unit {
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Request => "requests",
            Self::Roll => "single rolls",
            Self::BatchRoll => "batch rolls",
            Self::AnyRoll => "rolls",
        }
    }
}

/// A counter, summed over the series that match all of `labels`.
#[derive(Debug)]
pub(super) struct Counter {
    pub(super) service: &'static str,
    pub(super) metric: &'static str,
    /// Label names, with the values to include.
    pub(super) labels: &'static [(&'static str, &'static [&'static str])],
    pub(super) unit: Unit,
    /// A TraceQL query that finds a span for each increment; mini-tempo supports it too.
    pub(super) spans: &'static str,
}

/// The counters, in the order of a roll's path.
pub(super) const COUNTERS: [Counter; 4] = [
    Counter {
        service: "frontend",
        metric: "http_requests_total",
        labels: &[("method", &["GET"]), ("handler", &["/roll", "/roll-async"])],
        unit: Unit::Request,
        spans: r#"{ resource.service.name = "frontend" && kind = server && (name = "GET /roll" || name = "GET /roll-async") }"#,
    },
    Counter {
        service: "dice-roller",
        metric: "dice_rolls_total",
        labels: &[],
        unit: Unit::Roll,
        // A roll whose client disconnected has neither `die.error` nor a count.
        spans: r#"{ resource.service.name = "dice-roller" && name = "roll" && span.die.error != nil }"#,
    },
    Counter {
        service: "dice-roller",
        metric: "async_rolls_total",
        labels: &[],
        unit: Unit::BatchRoll,
        spans: r#"{ resource.service.name = "dice-roller" && span.async.roll_index != nil && span.die.error != nil }"#,
    },
    Counter {
        service: "die-service",
        metric: "http_requests_total",
        labels: &[("method", &["GET"]), ("handler", &["/dice"])],
        unit: Unit::Request,
        spans: r#"{ resource.service.name = "die-service" && kind = server && name = "GET /dice" }"#,
    },
];

/// A counter's value and when it was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reading {
    /// The value was read between these two times, in nanoseconds since 1970.
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) value: f64,
}
