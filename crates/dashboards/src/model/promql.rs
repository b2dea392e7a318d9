//! PromQL that several panels share, so that a mean is the same mean everywhere.

use super::target::{PromQl, query};

/// P50, P95 and P99 of the histogram `name`, for series matching `selector`.
pub(crate) fn percentiles(name: &str, selector: &str) -> [PromQl; 3] {
    [("P50", "0.50"), ("P95", "0.95"), ("P99", "0.99")]
        .map(|(legend, q)| query(legend, quantile(q, name, selector, "$__rate_interval")))
}

/// One quantile over `window`, of all series together.
pub(crate) fn quantile(q: &str, name: &str, selector: &str, window: &str) -> String {
    quantile_by("le", q, name, selector, window)
}

/// The same for each value of the labels in `by`, which begins with `le`.
pub(crate) fn quantile_by(by: &str, q: &str, name: &str, selector: &str, window: &str) -> String {
    format!("histogram_quantile({q}, sum by ({by}) (rate({name}_bucket{{{selector}}}[{window}])))")
}

/// The mean observation over `window`, of all series together; nothing without observations.
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

/// P95 of a service's spans as Tempo measured them, with exemplars: points that open a trace.
/// Our own histograms cannot have any in the text format that we expose.
pub(crate) fn span_p95(service: &str, kind: &str) -> PromQl {
    let selector = format!("service=\"{service}\",span_kind=\"SPAN_KIND_{kind}\"");
    selected_span_p95("P95 of spans", &selector)
}

/// The same for any selection of spans.
pub(crate) fn selected_span_p95(legend: &'static str, selector: &str) -> PromQl {
    let name = "traces_spanmetrics_latency";
    let expr = quantile("0.95", name, selector, "$__rate_interval");
    query(legend, expr).exemplars()
}
