//! Grafana's ids of the units in use. `short` is not used: without decimals it shows 2871 as "3 K".

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
/// A count with all its digits: 2,871.
pub(crate) const COUNT: &str = "locale";
/// Text that consists of digits, such as a port.
pub(crate) const TEXT: &str = "string";
/// A factor.
pub(crate) const TIMES: &str = "suffix:×";
/// Bytes, shown in KiB, MiB and so on.
pub(crate) const BYTES: &str = "bytes";
/// Bytes, shown in kB, MB and so on: prices are for decimal units.
pub(crate) const VOLUME: &str = "decbytes";
/// Hundredths of a dollar.
pub(crate) const CENTS: &str = "suffix: ¢";
/// Money.
pub(crate) const USD: &str = "currencyUSD";
/// A time of day with its date, without the year.
pub(crate) const CLOCK: &str = "time:MM-DD HH:mm:ss";

/// The minimum upper end of an axis; Grafana's default for a graph of zeros is 100.
pub(crate) fn quiet_top(unit: &str) -> Option<f64> {
    match unit {
        REQUESTS | OPERATIONS | EVENTS | LINES => Some(0.1),
        COUNT | PERCENT | TIMES => Some(1.0),
        RATIO | USD => Some(0.01),
        SECONDS => Some(0.001),
        _ => None,
    }
}
