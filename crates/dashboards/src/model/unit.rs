//! Grafana's ids of the units that panels use.

/// Requests a second.
pub(crate) const REQUESTS: &str = "reqps";
/// Operations a second, here rolls.
pub(crate) const OPERATIONS: &str = "ops";
/// Events a second.
pub(crate) const EVENTS: &str = "eps";
/// Messages a second, here log lines.
pub(crate) const LINES: &str = "mps";
/// Seconds.
pub(crate) const SECONDS: &str = "s";
/// Milliseconds.
pub(crate) const MILLISECONDS: &str = "ms";
/// A share from 0 to 100.
pub(crate) const PERCENT: &str = "percent";
/// A share from 0 to 1.
pub(crate) const RATIO: &str = "percentunit";
/// A number of things.
pub(crate) const COUNT: &str = "short";
/// A factor.
pub(crate) const TIMES: &str = "suffix:×";
/// Bytes, shown in KiB, MiB and so on.
pub(crate) const BYTES: &str = "bytes";
