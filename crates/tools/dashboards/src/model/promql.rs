//! PromQL expressions that several panels share, so that all compute means and quantiles alike.

use super::target::{PromQl, query};

/// P50, P95 and P99 of the histogram `name`, for series matching `selector`.
pub(crate) fn percentiles(name: &str, selector: &str) -> [PromQl; 3] {
    [("P50", "0.50"), ("P95", "0.95"), ("P99", "0.99")]
        .map(|(legend, q)| query(legend, quantile(q, name, selector, "$__rate_interval")))
}

/// One quantile over `window`, across all series.
pub(crate) fn quantile(q: &str, name: &str, selector: &str, window: &str) -> String {
    quantile_by("le", q, name, selector, window)
}

/// One quantile for each combination of the labels in `by`, which begins with `le`.
pub(crate) fn quantile_by(by: &str, q: &str, name: &str, selector: &str, window: &str) -> String {
    format!("histogram_quantile({q}, sum by ({by}) (rate({name}_bucket{{{selector}}}[{window}])))")
}

/// The mean observation over `window`, across all series; nothing without observations.
pub(crate) fn mean(name: &str, selector: &str, window: &str) -> String {
    let rate = |part| format!("sum(rate({name}_{part}{{{selector}}}[{window}]))");
    format!("{} / ({} > 0)", rate("sum"), rate("count"))
}

/// The share, 0 to 1, of the counter `name` that also matches `part`; nothing without events.
pub(crate) fn share(name: &str, part: &str, selector: &str, window: &str) -> String {
    let rate = |selector: &str| format!("sum(rate({name}{{{selector}}}[{window}]))");
    let numerator = rate(&format!("{selector},{part}"));
    format!("{numerator} / ({} > 0)", rate(selector))
}

/// P95 of a service's spans with one name, as measured by Tempo, with exemplars: points that open a
/// trace. Our own histograms cannot have exemplars in the text format that we expose.
pub(crate) fn span_p95(legend: &'static str, service: &str, kind: &str, name: &str) -> PromQl {
    let selector =
        format!("service=\"{service}\",span_kind=\"SPAN_KIND_{kind}\",span_name=\"{name}\"");
    let metric = "traces_spanmetrics_latency";
    query(
        legend,
        quantile("0.95", metric, &selector, "$__rate_interval"),
    )
    .exemplars()
}
