//! The system without stage 4's die-service, without workers and without a collector for stage 1:
//! panels that rightly showed 0 must show a value.

use crate::expected::{self, Expected, MORE, ONE, ZERO};
use crate::prometheus::Prometheus;

const EXPECTED: [Expected; 13] = [
    (
        "stage4-dashboard.json",
        "Services Up",
        ("service", "die-service"),
        ZERO,
    ),
    (
        "stage4-dashboard.json",
        "Die Service Request Rate",
        ("status", "error"),
        MORE,
    ),
    (
        "stage4-dashboard.json",
        "Status Code Distribution",
        ("status", "503"),
        MORE,
    ),
    ("stage4-dashboard.json", "Error Ratio", ("", ""), MORE),
    ("stage1-dashboard.json", "Losses in Range", ("", ""), MORE),
    (
        "stage1-dashboard.json",
        "Losses by Service",
        ("service", "dice-roller"),
        MORE,
    ),
    (
        "stage1-dashboard.json",
        "Spans Lost",
        ("outcome", "failed"),
        MORE,
    ),
    ("system-overview.json", "Error Rate", ("", ""), MORE),
    (
        "system-overview.json",
        "Errors by Status Code",
        ("http_status_code", "503"),
        MORE,
    ),
    ("system-overview.json", "Healthy Services", ("", ""), ONE),
    ("worker-status.json", "Healthy Workers", ("", ""), ZERO),
    ("worker-status.json", "Registered Workers", ("", ""), ZERO),
    ("worker-status.json", "Worker Availability", ("", ""), ZERO),
];

/// Operations are rejected once the queue is full, and a worker counts as lost after a timeout.
pub(crate) async fn check(prometheus: &Prometheus) -> Vec<String> {
    expected::check(prometheus, "broken", &EXPECTED).await
}
