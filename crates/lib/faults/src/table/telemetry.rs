//! Faults of what observes: traces, logs and metrics.

use super::{SWITCH, promql, share};
use crate::fault::Fault;
use crate::spec::{Alert, EVERY_SERVICE, Kind, Spec, Strength};

pub(super) const LOST_CONTEXT: Spec = Spec {
    fault: Fault::LostContext,
    name: "lost-context",
    service: "frontend",
    kind: Kind::Telemetry,
    effect: "The frontend calls dice-roller without `traceparent`, so that one trace becomes two.",
    strength: share("of the calls", 1.0),
    signal: promql(
        "dice-roller's requests per second that continue no trace",
        "sum(rate(http_requests_without_trace_context_total{job=~\"dice-roller-.*\"}[1m]))",
        0.02,
    ),
    alert: Alert::Raises("BrokenTraces"),
    further_alerts: &[],
    stage: 2,
};

pub(super) const LOG_FLOOD: Spec = Spec {
    fault: Fault::LogFlood,
    name: "log-flood",
    service: "frontend",
    kind: Kind::Telemetry,
    effect: "The frontend logs many lines about its connection, for each request to dice-roller.",
    strength: Strength {
        unit: "lines for each request",
        default: 100.0,
        min: 10.0,
        max: 200.0,
    },
    signal: promql(
        "the frontend's log lines per second",
        "sum(rate(telemetry_log_lines_total{job=~\"frontend-.*\"}[1m]))",
        20.0,
    ),
    alert: Alert::Raises("LogFlood"),
    further_alerts: &["TelemetryBudgetBurn", "TelemetryLost"],
    stage: 2,
};

pub(super) const LABEL_EXPLOSION: Spec = Spec {
    fault: Fault::LabelExplosion,
    name: "label-explosion",
    service: "dice-roller",
    kind: Kind::Telemetry,
    effect: "A metric gets new label values all the time; 5000 at most, and they end with the fault.",
    strength: Strength {
        unit: "new series each second",
        default: 50.0,
        min: 1.0,
        max: 500.0,
    },
    signal: promql(
        "the growth of the number of samples in each scrape of dice-roller",
        "max(delta(scrape_samples_scraped{job=~\"dice-roller-.*\"}[1m]))",
        100.0,
    ),
    alert: Alert::Raises("SeriesGrowing"),
    further_alerts: &[],
    stage: 1,
};

pub(super) const DEAD_COLLECTOR: Spec = Spec {
    fault: Fault::DeadCollector,
    name: "dead-collector",
    service: EVERY_SERVICE,
    kind: Kind::Telemetry,
    effect: "Each export of spans fails as if the collector could not be reached.",
    strength: SWITCH,
    signal: promql(
        "spans per second that could not be exported",
        "sum(rate(telemetry_spans_total{outcome=\"failed\"}[1m]))",
        0.0,
    ),
    alert: Alert::Raises("TelemetryLost"),
    further_alerts: &["TelemetryBudgetBurn"],
    stage: 1,
};
