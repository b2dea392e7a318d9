//! Causes in the services, the database and KTRDR.

use super::Cause;
use crate::alert::Severity::{Page, Ticket};

pub(super) const CAUSES: [Cause; 13] = [
    Cause {
        name: "TargetDown",
        severity: Page,
        expr: r#"max by (job, service) (up{service=~"frontend|dice-roller|die-service|ktrdr-backend"}) == 0"#,
        patience: 1,
        summary: "{{ $labels.service }} does not answer scrapes",
        description: "Prometheus can scrape no instance of job {{ $labels.job }}. Requests that need this service fail.",
    },
    Cause {
        name: "TargetDown",
        severity: Ticket,
        expr: r#"up{service!~"frontend|dice-roller|die-service|ktrdr-backend"} == 0
or
(up{service=~"frontend|dice-roller|die-service|ktrdr-backend"} == 0) and on (job) (max by (job) (up) == 1)"#,
        patience: 1,
        summary: "{{ $labels.instance }} does not answer scrapes",
        description: "Prometheus cannot scrape {{ $labels.instance }} (job {{ $labels.job }}). Users may not notice: other replicas answer, or what it shows or stores is missing.",
    },
    Cause {
        name: "DatabaseDown",
        severity: Page,
        expr: "pg_up == 0",
        patience: 1,
        summary: "PostgreSQL does not answer its exporter",
        description: "Services that need the database answer 503 until it is back. They reconnect without a restart.",
    },
    Cause {
        name: "PoolExhausted",
        severity: Ticket,
        expr: "max_over_time(database_connection_pool_available[{window}]) == 0\nand\ndatabase_connection_pool_size >= database_connection_pool_max",
        patience: 0,
        summary: "{{ $labels.service }} has no free database connection",
        description: "All connections of {{ $labels.instance }} have been in use at each scrape for a whole window. Queries wait for one, and fail when the wait times out.",
    },
    Cause {
        name: "ServiceRestarting",
        severity: Ticket,
        expr: r#"changes(process_start_time_seconds{service!=""}[{long}]) >= 2"#,
        patience: 0,
        summary: "{{ $labels.service }} has restarted {{ $value }} times",
        description: "{{ $labels.instance }} keeps restarting. If its memory grows before each restart, it is killed at its limit.",
    },
    Cause {
        name: "RetryStorm",
        severity: Ticket,
        expr: r#"(
  sum(rate(http_requests_total{service="dice-roller",handler=~"/roll|/roll-async"}[{window}]))
  /
  sum(rate(http_requests_total{service="frontend",front_door="true",handler=~"/roll|/roll-async"}[{window}]))
) > 1.5
and
sum(increase(http_requests_total{service="frontend",front_door="true",handler=~"/roll|/roll-async"}[{window}])) >= 10"#,
        patience: 1,
        summary: "Each roll causes {{ $value | humanize }} requests to dice-roller",
        description: "The frontend repeats its requests. Retries multiply the load on a service that is already slow or failing.",
    },
    Cause {
        name: "ProbeFailing",
        severity: Page,
        expr: "avg_over_time(probe_success[{window}]) < 0.5",
        patience: 0,
        summary: "Probes of the die {{ $labels.die }} fail",
        description: "More than half of the probes within the last window got no valid answer. The prober uses the same door as users do.",
    },
    Cause {
        name: "LoadedDie",
        severity: Page,
        expr: "probe_die_fairness_p_value < 1e-9",
        patience: 0,
        summary: "The die {{ $labels.die }} is not fair",
        description: "If the die kept to its specification, its last rolls would be this uneven with a probability of {{ $value }} only. Every answer is 200 and in time: nothing else shows it.",
    },
    Cause {
        name: "WorkersLost",
        severity: Ticket,
        expr: r#"sum by (worker_type) (workers_registered{state="lost"}) > 0"#,
        patience: 1,
        summary: "{{ $value }} {{ $labels.worker_type }} workers are lost",
        description: "KTRDR's backend has had no heartbeat from them. Their operations were put back into the queue, and fewer workers serve it.",
    },
    Cause {
        name: "WorkerStuck",
        severity: Ticket,
        expr: r#"min_over_time(worker_busy[{window}]) == 1
and on (instance)
sum by (instance) (increase(http_server_duration_milliseconds_count{job="ktrdr-workers",http_route="/api/v1/runs"}[{window}])) == 0"#,
        patience: 2,
        summary: "{{ $labels.instance }} has been running one operation for too long",
        description: "The worker is busy and sends heartbeats, but it has not been given a new operation. The longest operations take 20 s.",
    },
    Cause {
        name: "OperationQueueFull",
        severity: Ticket,
        expr: r#"sum by (operation_type) (operations_in_progress{state="pending"})
/
sum by (operation_type) (operation_queue_capacity) > 0.9"#,
        patience: 1,
        summary: "The queue of {{ $labels.operation_type }} operations is {{ $value | humanizePercentage }} full",
        description: "KTRDR's backend answers 503 to new operations once the queue is full.",
    },
    Cause {
        name: "UsageEventsDelayed",
        severity: Ticket,
        expr: r#"(
  sum(rate(http_requests_total{service="usage-sink",status=~"5.."}[{window}])) > 0
  or
  sum(rate(streamlit_button_clicks_total[{window}])) > 0
  unless
  sum(rate(usage_events_total{outcome="stored"}[{window}])) > 0
)
and
count(up{service="usage-sink"})"#,
        patience: 2,
        summary: "Usage events do not reach the database",
        description: "Users roll dice, and usage-sink refuses or does not receive the events. Alloy keeps them and delivers them later, until its queue is full.",
    },
    Cause {
        name: "BrokenTraces",
        severity: Ticket,
        expr: r#"(
  sum by (service) (rate(http_requests_without_trace_context_total{service=~"dice-roller|die-service",front_door!="true"}[{window}]))
  /
  sum by (service) (rate(http_requests_total{service=~"dice-roller|die-service",front_door!="true"}[{window}]))
) > 0.1
and
sum by (service) (increase(http_requests_total{service=~"dice-roller|die-service",front_door!="true"}[{window}])) >= 10"#,
        patience: 1,
        summary: "{{ $value | humanizePercentage }} of the requests to {{ $labels.service }} continue no trace",
        description: "The caller does not pass on the trace context, so that one trace becomes two. Requests still succeed.",
    },
];
