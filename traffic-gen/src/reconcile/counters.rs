//! The counters that a roll moves, and the spans that say who moved them.

/// What one increment stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// A request for one roll or a batch.
    Request,
    /// A roll that was asked for alone.
    Roll,
    /// A roll of a batch.
    BatchRoll,
    /// Either.
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

/// A counter, summed over the series with all of `labels`.
#[derive(Debug)]
pub(super) struct Counter {
    pub(super) service: &'static str,
    pub(super) metric: &'static str,
    /// Label names, and the values that are counted.
    pub(super) labels: &'static [(&'static str, &'static [&'static str])],
    pub(super) unit: Unit,
    /// Finds a span for each increment: Tempo's TraceQL, the part that mini-tempo knows too.
    pub(super) spans: &'static str,
}

/// In the order of a roll's way.
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
        // A roll whose client went away has neither `die.error` nor a count.
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

/// A counter's value, and when it was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reading {
    /// The reading took place between these two, in nanoseconds since 1970.
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) value: f64,
}
