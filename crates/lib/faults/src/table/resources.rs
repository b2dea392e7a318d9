//! Faults of what requests share: threads, memory, connections, locks and workers.

use super::{SWITCH, promql, seconds};
use crate::fault::Fault;
use crate::spec::{Alert, Kind, Spec, Strength};

pub(super) const BLOCKED_WORKER: Spec = Spec {
    fault: Fault::BlockedWorker,
    name: "blocked-worker",
    service: "dice-roller",
    kind: Kind::Saturation,
    effect: "Each roll blocks a thread of the async runtime, so that all requests queue, also those for `/metrics`.",
    strength: seconds("s that each roll blocks a thread", 1.0, 0.01, 2.0),
    signal: promql(
        "the duration of scrapes of dice-roller, which wait like every other request",
        "max(max_over_time(scrape_duration_seconds{job=~\"dice-roller-.*\"}[1m]))",
        0.25,
    ),
    alert: Alert::Raises("RollLatencyBudgetBurn"),
    further_alerts: &["RollAvailabilityBudgetBurn", "TargetDown"],
    stage: 1,
};

pub(super) const MEMORY_LEAK: Spec = Spec {
    fault: Fault::MemoryLeak,
    name: "memory-leak",
    service: "dice-roller",
    kind: Kind::Memory,
    effect: "Memory grows until the process is killed at its limit, is restarted, and grows again.",
    strength: Strength {
        unit: "MB each second",
        default: 2.0,
        min: 0.1,
        max: 50.0,
    },
    signal: promql(
        "the growth of dice-roller's resident memory in bytes per second",
        "max(deriv(process_resident_memory_bytes{job=~\"dice-roller-.*\"}[1m]))",
        50_000.0,
    ),
    alert: Alert::Raises("ServiceRestarting"),
    further_alerts: &["RollAvailabilityBudgetBurn", "TargetDown"],
    stage: 1,
};

pub(super) const POOL_LEAK: Spec = Spec {
    fault: Fault::PoolLeak,
    name: "pool-leak",
    service: "die-service",
    kind: Kind::Saturation,
    effect: "Connections are taken from the pool, one a second, and not returned, until none is left.",
    strength: Strength {
        unit: "connections held at most",
        default: 100.0,
        min: 1.0,
        max: 100.0,
    },
    signal: promql(
        "the share of die-service's connections that are in use",
        "max(min_over_time((database_connection_pool_size{job=~\"die-service-.*\"} - database_connection_pool_available)[20s:5s]) / database_connection_pool_max)",
        0.5,
    ),
    alert: Alert::Raises("PoolExhausted"),
    further_alerts: &["RollAvailabilityBudgetBurn", "RollLatencyBudgetBurn"],
    stage: 5,
};

pub(super) const LOCKED_TABLE: Spec = Spec {
    fault: Fault::LockedTable,
    name: "locked-table",
    service: "die-service",
    kind: Kind::Saturation,
    effect: "A transaction holds an exclusive lock on the table of dice, so that each query of it waits until it times out.",
    strength: SWITCH,
    signal: promql(
        "die-service's queries that fail, although the database accepts connections",
        "sum(rate(database_queries_total{job=~\"die-service-.*\",result=\"error\"}[1m]))",
        0.0,
    ),
    alert: Alert::Raises("RollAvailabilityBudgetBurn"),
    further_alerts: &["RollLatencyBudgetBurn", "PoolExhausted"],
    stage: 5,
};

pub(super) const HUNG_WORKER: Spec = Spec {
    fault: Fault::HungWorker,
    name: "hung-worker",
    service: "ktrdr-worker",
    kind: Kind::Stuck,
    effect: "The KTRDR workers of one type send heartbeats, but their operations make no progress.",
    strength: SWITCH,
    signal: promql(
        "workers that were busy for a minute and were given no operation in it",
        "count(min_over_time(worker_busy[1m]) == 1 and on (instance) sum by (instance) (increase(http_server_duration_milliseconds_count{http_route=\"/api/v1/runs\"}[1m])) == 0)",
        0.0,
    ),
    alert: Alert::Raises("WorkerStuck"),
    further_alerts: &["KtrdrOperationsBudgetBurn", "OperationQueueFull"],
    stage: 1,
};
