//! Faults of answers: late, failed or wrong.

use super::{SWITCH, promql, seconds, share};
use crate::fault::Fault;
use crate::spec::{Alert, Kind, Spec, Strength};

pub(super) const SLOW_DIE_SERVICE: Spec = Spec {
    fault: Fault::SlowDieService,
    name: "slow-die-service",
    service: "die-service",
    kind: Kind::Latency,
    effect: "Each answer of `GET /dice` is delayed.",
    strength: seconds("s added to each answer", 1.5, 0.05, 10.0),
    signal: promql(
        "the mean duration of die-service's requests",
        "sum(rate(http_request_duration_seconds_sum{job=~\"die-service-.*\",handler=\"/dice\"}[1m])) / sum(rate(http_request_duration_seconds_count{job=~\"die-service-.*\",handler=\"/dice\"}[1m]))",
        0.04,
    ),
    alert: Alert::Raises("RollLatencyBudgetBurn"),
    further_alerts: &["RollAvailabilityBudgetBurn"],
    stage: 3,
};

pub(super) const FAILING_DIE_SERVICE: Spec = Spec {
    fault: Fault::FailingDieService,
    name: "failing-die-service",
    service: "die-service",
    kind: Kind::Errors,
    effect: "A share of the requests for a die is answered 503.",
    strength: share("of the requests", 0.3),
    signal: promql(
        "the share of 5xx among die-service's answers",
        "sum(rate(http_requests_total{job=~\"die-service-.*\",status=~\"5..\"}[1m])) / sum(rate(http_requests_total{job=~\"die-service-.*\"}[1m]))",
        0.005,
    ),
    alert: Alert::Raises("RollAvailabilityBudgetBurn"),
    further_alerts: &[],
    stage: 3,
};

pub(super) const SLOW_DICE_ROLLER: Spec = Spec {
    fault: Fault::SlowDiceRoller,
    name: "slow-dice-roller",
    service: "dice-roller",
    kind: Kind::Latency,
    effect: "Each roll and each batch is delayed, while die-service stays fast.",
    strength: seconds("s added to each answer", 1.5, 0.05, 10.0),
    signal: promql(
        "the mean duration of dice-roller's requests without their calls to die-service",
        "sum(rate(http_request_duration_seconds_sum{job=~\"dice-roller-.*\",handler=\"/roll\"}[1m])) / sum(rate(http_request_duration_seconds_count{job=~\"dice-roller-.*\",handler=\"/roll\"}[1m]))",
        1.0,
    ),
    alert: Alert::Raises("RollLatencyBudgetBurn"),
    further_alerts: &[],
    stage: 1,
};

pub(super) const FAILING_DICE_ROLLER: Spec = Spec {
    fault: Fault::FailingDiceRoller,
    name: "failing-dice-roller",
    service: "dice-roller",
    kind: Kind::Errors,
    effect: "A share of the rolls and batches is answered 503, while die-service answers 200.",
    strength: share("of the requests", 0.3),
    signal: promql(
        "the share of 503 among dice-roller's answers",
        "sum(rate(http_requests_total{job=~\"dice-roller-.*\",status=\"503\"}[1m])) / sum(rate(http_requests_total{job=~\"dice-roller-.*\"}[1m]))",
        0.005,
    ),
    alert: Alert::Raises("RollAvailabilityBudgetBurn"),
    further_alerts: &[],
    stage: 1,
};

pub(super) const RETRY_STORM: Spec = Spec {
    fault: Fault::RetryStorm,
    name: "retry-storm",
    service: "frontend",
    kind: Kind::Retries,
    effect: "The frontend abandons each call to dice-roller after 0.1 s and repeats it at once; the last attempt may take as long as usual.",
    strength: Strength {
        unit: "retries of each request at most",
        default: 5.0,
        min: 1.0,
        max: 20.0,
    },
    signal: promql(
        "dice-roller's requests for each request of the frontend",
        "sum(rate(http_requests_total{job=~\"dice-roller-.*\",handler=~\"/roll.*\"}[1m])) / sum(rate(http_requests_total{job=~\"frontend-.*\",handler=~\"/roll.*\"}[1m]))",
        1.5,
    ),
    alert: Alert::Raises("RetryStorm"),
    further_alerts: &["RollLatencyBudgetBurn"],
    stage: 2,
};

pub(super) const BAD_RELEASE: Spec = Spec {
    fault: Fault::BadRelease,
    name: "bad-release",
    service: "dice-roller",
    kind: Kind::Release,
    effect: "The service reports a newer version in `build_info` and in its spans, and that version answers a share of the rolls with 503.",
    strength: share("of the requests", 0.3),
    signal: promql(
        "the versions of dice-roller in the last five minutes, minus one",
        "count(last_over_time(build_info{job=~\"dice-roller-.*\"}[5m])) - 1",
        0.0,
    ),
    alert: Alert::Raises("RollAvailabilityBudgetBurn"),
    further_alerts: &[],
    stage: 1,
};

pub(super) const REFUSING_USAGE_SINK: Spec = Spec {
    fault: Fault::RefusingUsageSink,
    name: "refusing-usage-sink",
    service: "usage-sink",
    kind: Kind::Errors,
    effect: "Each delivery of usage events is answered 503; Alloy keeps them and tries again.",
    strength: SWITCH,
    signal: promql(
        "usage-sink's answers with 503 per second",
        "sum(rate(http_requests_total{job=~\"usage-sink-.*\",status=\"503\"}[1m]))",
        0.0,
    ),
    alert: Alert::Raises("UsageEventsDelayed"),
    further_alerts: &[],
    stage: 6,
};

pub(super) const LOADED_DIE: Spec = Spec {
    fault: Fault::LoadedDie,
    name: "loaded-die",
    service: "dice-roller",
    kind: Kind::Correctness,
    effect: "The largest face of each die is more likely than the others; each answer is 200 and in time.",
    strength: Strength {
        unit: "times as likely as each other face",
        default: 2.0,
        min: 1.1,
        max: 10.0,
    },
    signal: promql(
        "how unlikely the prober's last rolls are with a fair die: 9 is once in a billion",
        "max(-log10(probe_die_fairness_p_value))",
        9.0,
    ),
    alert: Alert::Raises("LoadedDie"),
    further_alerts: &[],
    stage: 1,
};
