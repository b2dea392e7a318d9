//! Whether the values of a panel are plausible.

use std::ops::RangeInclusive;

use crate::ELSEWHERE;
use crate::prometheus::Series;
use crate::support::board::Query;

/// Panels that rightly show 0 in a healthy system; [`crate::broken`] and [`crate::outage`] check
/// other values, and `arithmetic.yml` those of losses that a client cannot cause.
const RIGHTLY_ZERO: [&str; 14] = [
    "Bad Events by Window",
    "Bad Events per Second",
    "Burn Rate",
    "Error Rate",
    "Errors by Status Code",
    "503 Answers by Service",
    "Losses in Range",
    "Losses by Service",
    "Spans Lost",
    "Log Lines Lost",
    "Requests Refused",
    "Panics",
    "Series Growth in Range",
    "Slow Rolls by Source",
];

/// The panel that shows nothing while no alert of its objective fires.
const RIGHTLY_EMPTY: &str = "Alerts of This Objective";

/// Longest duration of a request in seconds. A roll takes up to one; slightly longer requests fall
/// into the bucket that ends at 2.5, and a quantile can be anywhere in it.
const SLOWEST: f64 = 2.5;

/// Tolerance for sums of floating-point rates.
const ROUNDING: f64 = 1e-6;

/// The problem with the result of a query, if any.
pub(crate) fn check(query: &Query, series: &[Series], speed_up: f64) -> Option<String> {
    let elsewhere = ELSEWHERE.iter().any(|prefix| query.expr.contains(prefix));
    if elsewhere || query.place == RIGHTLY_EMPTY {
        return None;
    }
    let values: Vec<f64> = series
        .iter()
        .flat_map(|series| series.values.clone())
        .collect();
    if !values.iter().any(|value| value.is_finite()) {
        return Some("shows nothing".to_owned());
    }
    if values.iter().all(|value| *value == 0.0) && !RIGHTLY_ZERO.contains(&&*query.place) {
        return Some("shows only 0".to_owned());
    }
    let bounds = bounds(query, speed_up)?;
    let finite = values.iter().filter(|value| value.is_finite());
    let implausible = finite.copied().find(|value| !bounds.contains(value));
    implausible.map(|value| format!("shows {value}, which is not in {bounds:?}"))
}

/// The range of plausible values of a query, by the panel's unit.
fn bounds(query: &Query, speed_up: f64) -> Option<RangeInclusive<f64>> {
    if query.counts_buckets() {
        return Some(0.0..=1e6); // The values of a heatmap are counts; its unit is that of the buckets.
    }
    // A budget can be overspent, and -1 stands for one that lasts.
    if query.expr.contains("slo:") {
        return Some(-1e3..=1e9);
    }
    match query.unit.as_str() {
        "s" => Some(0.0..=SLOWEST),
        "ms" => Some(0.0..=1000.0 * SLOWEST),
        "percent" => Some(0.0..=100.0 + ROUNDING),
        "percentunit" => Some(0.0..=1.0 + ROUNDING),
        "reqps" | "ops" | "eps" => Some(0.0..=1e3),
        "suffix:×" => Some(0.75 * speed_up..=1.25 * speed_up),
        "bytes" => Some(1e6..=1e9),
        "decbytes" => Some(0.0..=1e9),
        "currencyUSD" => Some(0.0..=1e4),
        // Counts, and columns with their own units.
        "locale" | "string" => Some(0.0..=1e9),
        // Annotations: times in milliseconds.
        "" => Some(1.6e12..=1e13),
        _ => None,
    }
}
