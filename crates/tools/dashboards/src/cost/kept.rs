//! What the stores received of what the services sent: less, if Alloy samples traces or drops lines.

use crate::model::colour::BLUE;
use crate::model::layout::Line;
use crate::model::panel::Panel;
use crate::model::target::{Target, instant};
use crate::model::unit;
use crate::model::viz::Viz;

/// Bytes of spans that Tempo received. traffic-gen sends spans, too, but is not scraped.
const RECEIVED: &str =
    r#"increase(tempo_usage_tracker_bytes_received_total{service!="traffic-gen"}[$__range])"#;

pub(super) fn line() -> Line {
    Line::new(
        7,
        [
            traces().wide(4),
            span_bytes().wide(6),
            logs().wide(4),
            log_bytes().wide(5),
            log_lines().wide(5),
        ],
    )
}

fn share(title: &'static str, description: &'static str, expr: String) -> Panel {
    Panel::new(Viz::Stat, title, description)
        .target(instant("kept", expr))
        .unit(unit::RATIO)
        .decimals(0)
        .thresholds(BLUE, &[])
        .no_value("no data yet")
}

fn bars(title: &'static str, description: &'static str, target: impl Into<Target>) -> Panel {
    Panel::new(Viz::BarGauge, title, description)
        .target(target)
        .min(0.0)
        .decimals(1)
        .thresholds(BLUE, &[])
}

fn traces() -> Panel {
    share(
        "Trace Bytes Kept",
        "Bytes of spans that Tempo received, as a share of those that the scraped services exported. Tail \
         sampling makes it less than 100 %.",
        format!(
            "clamp_max(sum ({RECEIVED}) / (sum (increase(telemetry_span_bytes_total[$__range])) > 0), 1)"
        ),
    )
}

fn span_bytes() -> Panel {
    bars(
        "Span Bytes in Tempo",
        "Bytes of spans that Tempo received in the time range, as its usage tracker counts them.",
        instant("{{service}}", format!("sum by (service) ({RECEIVED})")),
    )
    .unit(unit::VOLUME)
}

fn logs() -> Panel {
    share(
        "Log Bytes Kept",
        "Bytes of log lines that Loki received, as a share of those that the services wrote. Levels that Alloy \
         drops make it less than 100 %, and so do usage events in stage 6.",
        format!(
            "clamp_max(({} - {}) / (sum (increase(telemetry_log_bytes_total[$__range])) > 0), 1)",
            in_loki("bytes"),
            in_loki("structured_metadata_bytes"),
        ),
    )
}

/// Bytes that Loki received. Its count of bytes includes those of structured metadata, the ids of the
/// trace and the span: a quarter of a line.
fn in_loki(what: &str) -> String {
    format!("sum (increase(loki_distributor_{what}_received_total[$__range]))")
}

fn log_bytes() -> Panel {
    bars(
        "Log Bytes in Loki",
        "Bytes of log lines that Loki keeps of the time range, without line breaks.",
        Target::LogCount {
            legend: "{{service_name}}",
            query: r#"sum by (service_name) (bytes_over_time({service_name=~".+"}[$__range]))"#
                .to_owned(),
        },
    )
    .unit(unit::VOLUME)
}

fn log_lines() -> Panel {
    bars(
        "Log Lines in Loki",
        "Log lines that Loki keeps of the time range.",
        Target::LogCount {
            legend: "{{service_name}}",
            query: r#"sum by (service_name) (count_over_time({service_name=~".+"}[$__range]))"#
                .to_owned(),
        },
    )
    .unit(unit::COUNT)
    .decimals(0)
}
