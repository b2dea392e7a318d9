//! What the table says about a fault.

use std::fmt;

use crate::fault::Fault;

/// The service of a fault that all of them have.
pub(crate) const EVERY_SERVICE: &str = "every service";

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spec {
    /// The fault.
    pub fault: Fault,
    /// Its name, as in `slow-die-service`.
    pub name: &'static str,
    /// The service that has it: its `service.name`, or `every service`.
    pub service: &'static str,
    /// The kind of failure.
    pub kind: Kind,
    /// What it does, as a sentence.
    pub effect: &'static str,
    /// Its strength.
    pub strength: Strength,
    /// What shows it.
    pub signal: Signal,
    /// The alert that it raises.
    pub alert: Alert,
    /// Further alerts that it may raise, depending on its strength and on the load.
    pub further_alerts: &'static [&'static str],
    /// The first stage that has it, 1 to 6; all later stages have it too.
    pub stage: u8,
}

/// Kinds of failure, as an engineer would call them at first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Answers are late.
    Latency,
    /// Answers are errors.
    Errors,
    /// A resource that requests share is used up or blocked.
    Saturation,
    /// One request causes several.
    Retries,
    /// Memory grows.
    Memory,
    /// Traces, logs or metrics are lost, incomplete or too many.
    Telemetry,
    /// A new version behaves differently.
    Release,
    /// Work does not progress.
    Stuck,
    /// Answers are in time and successful, but wrong.
    Correctness,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Latency,
        Self::Errors,
        Self::Saturation,
        Self::Retries,
        Self::Memory,
        Self::Telemetry,
        Self::Release,
        Self::Stuck,
        Self::Correctness,
    ];

    /// Its name on command lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Errors => "errors",
            Self::Saturation => "saturation",
            Self::Retries => "retries",
            Self::Memory => "memory",
            Self::Telemetry => "telemetry",
            Self::Release => "release",
            Self::Stuck => "stuck",
            Self::Correctness => "correctness",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The strengths that a fault can have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strength {
    /// What the number counts, as in `s added to each answer`.
    pub unit: &'static str,
    /// The strength of a fault that is switched on without one.
    pub default: f64,
    /// The smallest allowed strength, greater than 0.
    pub min: f64,
    /// The largest allowed strength.
    pub max: f64,
}

impl Strength {
    /// Whether the fault is just on or off.
    #[must_use]
    pub fn is_switch(&self) -> bool {
        self.min >= self.max
    }
}

/// A strength outside the allowed range.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error(
    "strength {value} of {fault} is not allowed, expected {min} to {max} ({unit})",
    min = fault.spec().strength.min,
    max = fault.spec().strength.max,
    unit = fault.spec().strength.unit
)]
pub struct WrongStrength {
    /// The fault.
    pub fault: Fault,
    /// The strength.
    pub value: f64,
}

/// A query whose result rises above a bound while the fault is on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Signal {
    /// What to look at, as a phrase.
    pub look: &'static str,
    /// What answers the query.
    pub source: Source,
    /// The query, in the language of its source.
    pub query: &'static str,
    /// The largest value of a system without the fault.
    pub above: f64,
}

/// What answers a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Prometheus, with PromQL.
    Prometheus,
    /// Loki, with LogQL.
    Loki,
    /// Tempo, with TraceQL.
    Tempo,
}

/// The alert that a fault raises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alert {
    /// The alert with this name.
    Raises(&'static str),
    /// None on purpose, for this reason.
    None(&'static str),
}

impl Alert {
    /// The name of the alert, if there is one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Raises(name) => Some(name),
            Self::None(_) => None,
        }
    }
}
