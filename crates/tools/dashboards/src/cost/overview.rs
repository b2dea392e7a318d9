//! The sums: money, and the volumes that it is for.

use super::promql::{self, SAMPLES, STAGE, Signal, cents_of_all, for_rolls, increase};
use crate::model::colour::{BLUE, Palette};
use crate::model::layout::Line;
use crate::model::panel::Panel;
use crate::model::target::{PromQl, instant, query};
use crate::model::unit;
use crate::model::viz::Viz;

pub(super) fn lines() -> [Line; 2] {
    [
        Line::new(
            4,
            [
                rolls_cost(),
                month(),
                series(),
                log_bytes(),
                spans(),
                span_bytes(),
            ],
        ),
        Line::new(
            8,
            [
                by_signal().wide(10),
                series_over_time().wide(9),
                growth().wide(5),
            ],
        ),
    ]
}

fn stat(title: &'static str, description: &'static str, target: PromQl) -> Panel {
    Panel::new(Viz::Stat, title, description)
        .target(target)
        .thresholds(BLUE, &[])
        .no_value("no rolls yet")
}

fn rolls_cost() -> Panel {
    stat(
        "Cost of 1,000 Rolls",
        "US cents for the metrics, logs and traces of the time range, divided by its rolls. A system that rolls \
         less pays more for each roll, because metrics do not depend on the load.",
        instant("all signals", for_rolls(1000, &cents_of_all(""))),
    )
    .unit(unit::CENTS)
}

fn month() -> Panel {
    let signals = Signal::ALL.map(Signal::usd_a_month);
    stat(
        "Cost of a Month",
        "USD for 30 days at the current rate, at the prices above.",
        query("all signals", signals.join(" + ")),
    )
    .unit(unit::USD)
}

fn series() -> Panel {
    stat(
        "Active Series",
        "Samples of one scrape of every service, after relabelling: the series that Prometheus keeps for \
         them.",
        query("series", format!("sum ({SAMPLES}{{{STAGE}}})")),
    )
    .unit(unit::COUNT)
    .decimals(0)
}

fn log_bytes() -> Panel {
    let bytes = increase("telemetry_log_bytes_total", "", "$__range");
    stat(
        "Log Bytes a Roll",
        "Bytes of log lines that the services wrote in the time range, divided by its rolls.",
        instant("bytes", for_rolls(1, &bytes)),
    )
    .unit(unit::VOLUME)
}

fn spans() -> Panel {
    stat(
        "Spans a Roll",
        "Spans that the services exported in the time range, divided by its rolls. A batch has 4 spans and \
         one for each roll in each chain of calls.",
        instant("spans", for_rolls(1, &promql::spans(""))),
    )
    .unit(unit::COUNT)
    .decimals(1)
}

fn span_bytes() -> Panel {
    let bytes = increase("telemetry_span_bytes_total", "", "$__range");
    stat(
        "Span Bytes a Roll",
        "Bytes of OTLP that the services exported in the time range, uncompressed, divided by its rolls.",
        instant("bytes", for_rolls(1, &bytes)),
    )
    .unit(unit::VOLUME)
}

fn by_signal() -> Panel {
    let signals = Signal::ALL.map(|signal| query(signal.name(), signal.usd_a_month()));
    Panel::new(
        Viz::Lines,
        "Cost of a Month by Signal",
        "USD for 30 days at the rate of each moment. Metrics are flat; logs and traces follow the rolls.",
    )
    .targets(signals)
    .unit(unit::USD)
    .palette(Palette::Signals)
}

fn series_over_time() -> Panel {
    let expr = format!("sum by (service) ({SAMPLES}{{{STAGE}}})");
    Panel::new(
        Viz::Lines,
        "Series by Service",
        "Active series of each service. A line that rises without a release is a label with too many \
         values.",
    )
    .target(query("{{service}}", expr))
    .unit(unit::COUNT)
    .palette(Palette::Services)
}

fn growth() -> Panel {
    let now = format!("{SAMPLES}{{{STAGE}}}");
    Panel::new(
        Viz::BarGauge,
        "Series Growth in Range",
        "Series now, less the minimum of the time range: all of them if the service was down in it. Series of \
         rare statuses appear with their first request; anything more is a label with too many values.",
    )
    .target(instant(
        "{{service}}",
        format!("sum by (service) ({now} - min_over_time({now}[$__range]))"),
    ))
    .unit(unit::COUNT)
    .decimals(0)
    .min(0.0)
    .thresholds(BLUE, &[])
}
