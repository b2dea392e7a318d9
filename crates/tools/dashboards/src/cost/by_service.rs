//! One row for each service, one column for each volume.

use serde_json::json;

use super::promql::{SAMPLES, STAGE, cents_of_all, for_rolls, increase, interval, spans};
use crate::model::joined::TIME;
use crate::model::layout::Line;
use crate::model::panel::Panel;
use crate::model::target::instant;
use crate::model::unit;
use crate::model::viz::Viz;

/// A column: the legend of its query, its title, its unit, its decimals.
type Column = (&'static str, &'static str, &'static str, u8);

const COLUMNS: [Column; 9] = [
    ("series", "Series", unit::COUNT, 0),
    ("samples", "Samples/s", unit::COUNT, 1),
    ("scrape", "Scrape size", unit::VOLUME, 1),
    ("samples for rolls", "Samples", unit::COUNT, 0),
    ("lines", "Log lines", unit::COUNT, 0),
    ("line bytes", "Log bytes", unit::VOLUME, 1),
    ("spans", "Spans", unit::COUNT, 0),
    ("span bytes", "Span bytes", unit::VOLUME, 1),
    ("cents", "Cents", unit::CENTS, 3),
];

pub(super) fn lines() -> [Line; 1] {
    [Line::new(8, [table()])]
}

/// The query of a column.
fn query(legend: &str) -> String {
    let by_service = |expr: &str| format!("sum by (service) ({expr})");
    let now = format!("{SAMPLES}{{{STAGE}}}");
    let counted = |counter: &str| for_rolls(1000, &increase(counter, "service", "$__range"));
    match legend {
        "series" => by_service(&now),
        "samples" => format!("{} / {}", by_service(&now), interval()),
        "scrape" => by_service(&format!("scrape_body_size_bytes{{{STAGE}}}")),
        "samples for rolls" => for_rolls(
            1000,
            &by_service(&format!("sum_over_time({now}[$__range])")),
        ),
        "lines" => counted("telemetry_log_lines_total"),
        "line bytes" => counted("telemetry_log_bytes_total"),
        "spans" => for_rolls(1000, &spans("service")),
        "span bytes" => counted("telemetry_span_bytes_total"),
        _ => for_rolls(1000, &cents_of_all("service")),
    }
}

fn table() -> Panel {
    let targets = COLUMNS.map(|(legend, ..)| instant(legend, query(legend)).table());
    let panel = Panel::new(
        Viz::Table,
        "Cost by Service",
        "Series, samples a second and the size of a scrape now; then samples, log lines, spans and US cents for \
         1,000 rolls of the time range. Spans and lines \
         of traffic-gen, which is not scraped, are missing.",
    )
    .targets(targets)
    .unit(unit::TEXT)
    .no_value("no rolls yet")
    .joined_by(
        ("service", "Service"),
        COLUMNS.iter().map(|(_, title, ..)| *title),
        TIME,
    );
    COLUMNS
        .iter()
        .fold(panel, |panel, (_, title, unit, decimals)| {
            let properties =
                json!([{ "id": "unit", "value": unit }, { "id": "decimals", "value": decimals }]);
            panel.field(title, &properties)
        })
}
