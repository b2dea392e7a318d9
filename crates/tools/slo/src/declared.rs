//! The objectives of this system.

use crate::alert::Severity;
use crate::clock::{Burn, Clock};
use crate::objective::Objective;

/// An objective: which events count, which of them are bad, and how many may be.
#[derive(Debug, Clone, Copy)]
pub struct Slo {
    /// The label `slo`.
    pub name: &'static str,
    /// Its title on dashboards.
    pub title: &'static str,
    /// The share of events that must be good.
    pub objective: Objective,
    /// The objective as a clause: "99.5 % of rolls are answered".
    pub promise: &'static str,
    /// What a bad event is, after "12 % of": "rolls are not answered".
    pub symptom: &'static str,
    /// Valid events per second within a window.
    pub valid: fn(&str) -> String,
    /// Bad events per second within a window.
    pub bad: fn(&str) -> String,
    /// How many bad events raise no alert, however few events there are. More than one if some are bad
    /// by design: a handful of them at the start of a young system is chance.
    pub tolerated: u32,
    /// The name of its alerts.
    pub alert: &'static str,
    /// Whether users notice at once, so that a fast burn is a page.
    pub pages: bool,
}

impl Slo {
    /// The burn rates of its alerts.
    pub fn burns(&self, clock: Clock) -> impl Iterator<Item = &'static Burn> {
        let burns = clock.burns().iter();
        burns.filter(|burn| self.pages || burn.severity == Severity::Ticket)
    }
}

/// The latency objective's bound in seconds, as the histogram's label `le` has it. A roll takes up
/// to a second by design; the rest is for three services and a network.
pub const LATENCY_BOUND: &str = "1.1";

/// Rolls at the front door: the first service of the stage, which its scrape target is labelled
/// with.
const ROLLS: &str = r#"front_door="true",handler=~"/roll|/roll-async""#;

/// Dice whose rolls fail by design: a 500 for one of them is the die's own failure.
const OWN_FAILURES: &str = r#"front_door="true",die_type=~"risky|extreme",status_code="500""#;

/// Probes that the front door did not accept: it cannot count them itself.
const UNREACHABLE: &str = r#"outcome="unreachable""#;

/// Operations that users start.
const STARTS: &str = r#"job="ktrdr-backend",http_route=~"/api/v1/(backtests|trainings)/start""#;

/// All objectives, the most important one first.
///
/// # Panics
/// If an objective below is not a percentage.
#[must_use]
pub fn slos() -> [Slo; 4] {
    let objective = |text| Objective::percent(text).expect("a percentage");
    [
        Slo {
            name: "roll-availability",
            title: "Rolls answered",
            objective: objective("99.5"),
            promise: "99.5 % of rolls are answered, apart from those that fail because of the error rate of their die",
            symptom: "rolls are not answered",
            valid: |window| {
                format!(
                    "sum(\n  rate(http_requests_total{{{ROLLS}}}[{window}])\n  or rate(probes_total{{{UNREACHABLE}}}[{window}])\n)\n-\n{}",
                    own_failures(window)
                )
            },
            bad: |window| {
                format!(
                    "clamp_min(\n  sum(\n    rate(http_requests_total{{{ROLLS},status=~\"5..\"}}[{window}])\n    or rate(probes_total{{{UNREACHABLE}}}[{window}])\n  )\n  -\n  {},\n  0\n)",
                    own_failures(window)
                )
            },
            tolerated: 1,
            alert: "RollAvailabilityBudgetBurn",
            pages: true,
        },
        Slo {
            name: "roll-latency",
            title: "Rolls in time",
            objective: objective("95"),
            promise: "95 % of successful rolls are answered within 1.1 s",
            symptom: "rolls take longer than 1.1 s",
            valid: |window| {
                format!(
                    "sum(rate(http_request_duration_seconds_count{{{ROLLS},status=\"200\"}}[{window}]))"
                )
            },
            bad: |window| {
                format!(
                    "sum(rate(http_request_duration_seconds_count{{{ROLLS},status=\"200\"}}[{window}]))\n-\n\
                     sum(rate(http_request_duration_seconds_bucket{{{ROLLS},status=\"200\",le=\"{LATENCY_BOUND}\"}}[{window}]))"
                )
            },
            tolerated: 1,
            alert: "RollLatencyBudgetBurn",
            pages: true,
        },
        Slo {
            name: "telemetry",
            title: "Telemetry complete",
            objective: objective("99"),
            promise: "99 % of spans and log lines leave the service that made them",
            symptom: "spans and log lines are lost",
            valid: |window| {
                format!(
                    "sum(\n  rate(telemetry_spans_total[{window}])\n  or rate(telemetry_log_lines_total[{window}])\n)"
                )
            },
            bad: |window| {
                format!(
                    "sum(\n  rate(telemetry_spans_total{{outcome!=\"exported\"}}[{window}])\n  \
                     or rate(telemetry_log_lines_dropped_total[{window}])\n)"
                )
            },
            tolerated: 1,
            alert: "TelemetryBudgetBurn",
            pages: false,
        },
        Slo {
            name: "ktrdr-operations",
            title: "KTRDR operations",
            objective: objective("95"),
            promise: "95 % of KTRDR's operations are accepted and completed, apart from cancelled ones",
            symptom: "KTRDR's operations fail or are refused",
            valid: |window| {
                format!(
                    "sum(\n  rate(operations_total{{job=\"ktrdr-backend\",status!=\"cancelled\"}}[{window}])\n  \
                     or rate(http_server_duration_milliseconds_count{{{STARTS},http_status_code=~\"5..\"}}[{window}])\n)"
                )
            },
            bad: |window| {
                format!(
                    "sum(\n  rate(operations_total{{job=\"ktrdr-backend\",status=\"failed\"}}[{window}])\n  \
                     or rate(http_server_duration_milliseconds_count{{{STARTS},http_status_code=~\"5..\"}}[{window}])\n)"
                )
            },
            // One operation in eighty is a training that diverges by design, and one in two hundred
            // has a simulated fault: tests/chance.rs.
            tolerated: 10,
            alert: "KtrdrOperationsBudgetBurn",
            pages: true,
        },
    ]
}

/// Rolls that failed because of their die's error rate, per second. The frontend counts them by die;
/// in stage 1, dice-roller is the front door and counts failed rolls itself.
fn own_failures(window: &str) -> String {
    format!(
        "(sum(rate(streamlit_requests_total{{{OWN_FAILURES}}}[{window}]) or rate(dice_rolls_total{{front_door=\"true\",result=\"error\"}}[{window}])) or vector(0))"
    )
}
