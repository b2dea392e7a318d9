//! The metrics with the most series, and how many values of which label make them.

use serde_json::json;

use super::promql::{MONTH, STAGE, Signal, interval};
use crate::model::colour::BLUE;
use crate::model::joined::TIME_AND_NAME;
use crate::model::layout::Line;
use crate::model::panel::Panel;
use crate::model::target::instant;
use crate::model::unit;
use crate::model::viz::Viz;

/// The column with the metric's name. Arithmetic removes `__name__`, so that it is copied.
const METRIC: &str = "metric";

/// The labels that multiply series.
const LABELS: [&str; 6] = ["service", "handler", "method", "status", "die_type", "le"];

pub(super) fn line() -> Line {
    Line::new(11, [dearest().wide(18), added().wide(6)])
}

fn top() -> String {
    format!("topk(10, count by (__name__) ({{{STAGE}}}))")
}

/// `expr`, whose series have metric names, with these names as a label.
fn named(expr: &str) -> String {
    format!("label_replace({expr}, \"{METRIC}\", \"$1\", \"__name__\", \"(.+)\")")
}

fn dearest() -> Panel {
    let price = Signal::Metrics.price();
    let money = format!("{} / {} * {MONTH} * {price}", named(&top()), interval());
    let values = LABELS.map(|label| {
        let values = format!(
            "count by (__name__) (count by (__name__, {label}) ({{{label}!=\"\",{STAGE}}}))"
        );
        instant(
            label,
            named(&format!("{values} and on (__name__) {}", top())),
        )
        .table()
    });
    let number = json!([{ "id": "unit", "value": unit::COUNT }, { "id": "decimals", "value": 0 }]);
    let panel = Panel::new(
        Viz::Table,
        "Ten Dearest Metrics",
        "The metrics with the most series, USD for 30 days of their samples, and the number of values of \
         each label. A metric has at most as many series as the product of these numbers; le are the \
         buckets of a histogram.",
    )
    .targets([instant("series", named(&top())).table(), instant("usd", money).table()])
    .targets(values)
    .unit(unit::TEXT)
    .joined_by(
        (METRIC, "Metric"),
        ["Series", "USD a month"].into_iter().chain(LABELS),
        TIME_AND_NAME,
    )
    .field("Metric", &json!([{ "id": "custom.minWidth", "value": 300 }]))
    .field("Series", &number)
    .field("USD a month", &json!([{ "id": "unit", "value": unit::USD }, { "id": "decimals", "value": 2 }]));
    LABELS
        .iter()
        .fold(panel, |panel, label| panel.field(label, &number))
}

fn added() -> Panel {
    Panel::new(
        Viz::BarGauge,
        "Series Added in Range",
        "Series that Prometheus saw for the first time in the time range. After a start it is all of them; \
         later it is churn.",
    )
    .target(instant(
        "{{service}}",
        format!("sum by (service) (sum_over_time(scrape_series_added{{{STAGE}}}[$__range]))"),
    ))
    .unit(unit::COUNT)
    .decimals(0)
    .min(0.0)
    .thresholds(BLUE, &[])
}
