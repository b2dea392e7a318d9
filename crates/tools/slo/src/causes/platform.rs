//! Causes in telemetry and in alerting itself.

use super::Cause;
use crate::alert::Severity::{None, Ticket};

pub(super) const CAUSES: [Cause; 5] = [
    Cause {
        name: "TelemetryLost",
        severity: Ticket,
        expr: r#"sum by (service) (
  increase(telemetry_spans_total{outcome!="exported"}[{window}])
  or increase(telemetry_log_lines_dropped_total[{window}])
) >= 10"#,
        patience: 1,
        summary: "{{ $labels.service }} loses spans or log lines",
        description: "{{ $labels.service }} has lost {{ $value | humanize }} spans and log lines within a window. Traces and logs of this time have holes.",
    },
    Cause {
        name: "LogFlood",
        severity: Ticket,
        expr: r#"(
  sum by (service) (rate(telemetry_log_lines_total{service!=""}[{window}]))
  /
  clamp_min(sum by (service) (rate(http_requests_total{service!=""}[{window}])), 1)
) > 25"#,
        patience: 1,
        summary: "{{ $labels.service }} writes {{ $value | humanize }} log lines for each request",
        description: "The lines cost money and hide others. A request usually takes one to three lines, and a batch of 20 rolls takes 22.",
    },
    Cause {
        name: "SeriesGrowing",
        severity: Ticket,
        expr: r#"scrape_samples_scraped{service!=""}
-
min_over_time((scrape_samples_scraped{service!=""} > 0)[{long}:{window}]) > 300"#,
        patience: 1,
        summary: "{{ $labels.service }} exposes {{ $value }} series more than before",
        description: "A label with many values makes series, which cost memory in Prometheus for as long as it keeps them.",
    },
    Cause {
        name: "RulesFailing",
        severity: Ticket,
        expr: "sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[{window}])) > 0",
        patience: 0,
        summary: "Rules of the group {{ $labels.rule_group }} fail",
        description: "Prometheus cannot evaluate a rule, so that an alert may be missing.",
    },
    Cause {
        name: "Watchdog",
        severity: None,
        expr: "vector(1)",
        patience: 0,
        summary: "Alerting works",
        description: "This alert always fires. If it is missing in Alertmanager, no other alert arrives there either.",
    },
];
