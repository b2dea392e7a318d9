//! What three sources say of the same rolls: the services, all spans, and the spans that were kept.
//! With sampling at the tail, the last one is wrong on purpose: docs/cost.md says why.

use super::promql::{STAGE, total};
use crate::model::colour::BLUE;
use crate::model::layout::Line;
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::target::{PromQl, instant};
use crate::model::unit;
use crate::model::viz::Viz;

/// Rolls, as the requests of a service count them.
const ROLLS: &str = r#"method="GET",handler=~"/roll|/roll-async""#;

/// The same rolls, as spans count them.
const SPANS: &str = r#"span_kind="SPAN_KIND_SERVER",span_name=~"GET /roll|GET /roll-async""#;

/// Spans with an error. A server's span has one for a 5xx.
const FAILED: &str = r#"status_code="STATUS_CODE_ERROR""#;

/// Alloy counts all spans there while TAIL_SAMPLING is on.
const BEFORE: &str = "spans_before_sampling";

pub(super) fn line() -> Line {
    Line::new(6, [rolls(), errors(), slow()])
}

/// A bar for each source.
fn bars(title: &'static str, description: &'static str, exprs: [String; 3]) -> Panel {
    let [services, all, kept] = exprs;
    let targets: [PromQl; 3] = [
        instant("the services", services),
        instant("all spans, in Alloy", all),
        instant("kept spans, in Tempo", kept),
    ];
    Panel::new(Viz::BarGauge, title, description)
        .targets(targets)
        .min(0.0)
        .thresholds(BLUE, &[])
}

/// The increase of a counter in the time range.
fn counted(name: &str, selector: &str) -> String {
    total(name, selector, "", "$__range")
}

/// The share of the counter `name` that also matches `part`; 0 if no series does.
fn share(name: &str, selector: &str, part: &str) -> String {
    let all = counted(name, selector);
    let part = counted(name, &format!("{selector},{part}"));
    format!("({part} or 0 * {all}) / ({all} > 0)")
}

/// The share of a histogram's observations above the bound of the latency objective.
fn beyond(histogram: &str, selector: &str) -> String {
    let within = counted(
        &format!("{histogram}_bucket"),
        &format!(r#"{selector},le="1.1""#),
    );
    let all = counted(&format!("{histogram}_count"), selector);
    format!("clamp_min(1 - {within} / ({all} > 0), 0)")
}

fn of_services() -> String {
    format!("{STAGE},{ROLLS}")
}

fn rolls() -> Panel {
    bars(
        "Rolls by Source",
        "Requests for rolls in the time range, once for each service that they passed: as the services count \
         them, as Alloy counts spans before TAIL_SAMPLING drops any (no bar without it), and as Tempo counts \
         the spans that it got.",
        [
            counted("http_requests_total", &of_services()),
            counted(&format!("{BEFORE}_calls_total"), SPANS),
            counted("traces_spanmetrics_calls_total", SPANS),
        ],
    )
    .unit(unit::COUNT)
    .decimals(0)
}

fn errors() -> Panel {
    bars(
        "Errors by Source",
        "The share of these requests that failed. Sampling at the tail keeps all errors and few of the others, \
         so that the kept spans say a multiple of the truth.",
        [
            share("http_requests_total", &of_services(), r#"status=~"5..""#),
            share(&format!("{BEFORE}_calls_total"), SPANS, FAILED),
            share("traces_spanmetrics_calls_total", SPANS, FAILED),
        ],
    )
    .unit(unit::RATIO)
    .decimals(1)
    .link(Link::traces(
        "Failed rolls",
        r#"{ kind = server && name =~ "GET /roll|GET /roll-async" && status = error }"#,
    ))
}

fn slow() -> Panel {
    bars(
        "Slow Rolls by Source",
        "The share of these requests that took longer than 1.1 s, the bound of the latency objective. Sampling \
         at the tail keeps all of them, too.",
        [
            beyond("http_request_duration_seconds", &of_services()),
            beyond(&format!("{BEFORE}_duration_seconds"), SPANS),
            beyond("traces_spanmetrics_latency", SPANS),
        ],
    )
    .unit(unit::RATIO)
    .decimals(1)
    .link(Link::traces(
        "Slow rolls",
        r#"{ kind = server && name =~ "GET /roll|GET /roll-async" && duration > 1.1s }"#,
    ))
}
