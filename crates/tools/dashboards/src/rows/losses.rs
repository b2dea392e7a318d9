//! What the services lose of their own telemetry, refuse or break: each of these figures is 0 while
//! all is well. A panel or a trace with a hole does not show it.

use serde_json::{Map, Value, json};

use crate::model::colour::{GREEN, Palette, RED, YELLOW};
use crate::model::panel::Panel;
use crate::model::target::{PromQl, instant, query};
use crate::model::unit;
use crate::model::viz::Viz;

/// A counter of losses: what it counts, and the series that count none.
type Counter = (&'static str, &'static str, &'static str);

/// Panics in handlers are among those of the process.
const COUNTERS: [Counter; 4] = [
    ("Spans", "telemetry_spans_total", r#",outcome!="exported""#),
    ("Log lines", "telemetry_log_lines_dropped_total", ""),
    ("Requests refused", "http_requests_rejected_total", ""),
    ("Panics", "process_panics_total", ""),
];

/// The services of the stage.
const ALL: &str = r#"job=~".+-stageN""#;

/// Everything that was lost, as one figure.
pub(super) fn in_range() -> Panel {
    let sums =
        COUNTERS.map(|(_, name, lost)| format!("sum(increase({name}{{{ALL}{lost}}}[$__range]))"));
    Panel::new(
        Viz::Stat,
        "Losses in Range",
        "Spans and log lines that were lost, requests refused because there were too many, and panics. Above 0, \
         other panels and traces have holes: open System Metrics to see which service lost what.",
    )
    .target(instant("lost", sums.join(" + ")))
    .unit(unit::COUNT)
    .decimals(0)
    .thresholds(GREEN, &[(0.5, YELLOW)])
}

/// Who lost what, as a table.
pub(super) fn by_service() -> Panel {
    let sums = COUNTERS.map(|(legend, name, lost)| {
        let sum = format!("sum by (service) (increase({name}{{{ALL}{lost}}}[$__range]))");
        instant(legend, sum).table()
    });
    let panel = Panel::new(
        Viz::Table,
        "Losses by Service",
        "What each service lost within the time range: 0 while all is well. Spans are lost when Tempo is \
         away, log lines when they are read too slowly, requests are refused under too much load.",
    )
    .targets(sums)
    .unit(unit::TEXT)
    .transform("joinByField", &json!({ "byField": "service", "mode": "outer" }))
    .transform("organize", &columns());
    COUNTERS
        .iter()
        .fold(panel, |panel, (title, ..)| panel.field(title, &count()))
}

/// The columns' names, without the moments of the queries.
fn columns() -> Value {
    let hidden = ["Time", "Time 1", "Time 2", "Time 3", "Time 4"];
    let hidden = hidden.map(|time| (time.to_owned(), json!(true)));
    let titles = COUNTERS.iter().zip('A'..);
    let titles = titles.map(|((title, ..), letter)| (format!("Value #{letter}"), json!(title)));
    let service = ("service".to_owned(), json!("Service"));
    let renamed = titles.chain([service]);
    json!({
        "excludeByName": Map::from_iter(hidden),
        "renameByName": Map::from_iter(renamed),
    })
}

/// The properties of a column of losses.
fn count() -> Value {
    json!([
        { "id": "unit", "value": unit::COUNT },
        { "id": "decimals", "value": 0 },
        { "id": "thresholds", "value": { "mode": "absolute", "steps": [
            { "value": null, "color": GREEN },
            { "value": 0.5, "color": RED },
        ]}},
        { "id": "custom.cellOptions", "value": { "type": "color-text" } },
    ])
}

/// When, and in which way.
pub(super) fn over_time() -> [Panel; 4] {
    [spans(), log_lines(), requests(), panics()]
}

fn spans() -> Panel {
    lines(
        "Spans Lost",
        "Spans that Tempo refused (rejected), that could not be sent (failed), or that came faster than they \
         were sent (dropped). Traces of that time have holes, or are missing.",
        unit::EVENTS,
    )
    .target(rate("{{outcome}}", "telemetry_spans_total", r#",outcome!="exported""#))
}

fn log_lines() -> Panel {
    lines(
        "Log Lines Lost",
        "Lines that were written faster than they were read (queue_full), or that could not be written \
         (write_failed). They are in no log.",
        unit::LINES,
    )
    .target(rate("{{reason}}", "telemetry_log_lines_dropped_total", ""))
}

fn requests() -> Panel {
    lines(
        "Requests Refused",
        "Requests answered 503 at once: more than MAX_IN_FLIGHT at a time, or on more connections than \
         MAX_CONNECTIONS. They are in no trace.",
        unit::REQUESTS,
    )
    .target(rate("{{reason}}", "http_requests_rejected_total", ""))
}

fn panics() -> Panel {
    lines(
        "Panics",
        "Panics a second, and how many of them were in a handler, which answers 500. The others broke an \
         answer off, or ended a task in the background. Each is logged.",
        unit::EVENTS,
    )
    .targets([
        rate("panics", "process_panics_total", ""),
        rate("in handlers", "http_handler_panics_total", ""),
    ])
}

fn lines(title: &'static str, description: &'static str, unit: &'static str) -> Panel {
    Panel::new(Viz::Lines, title, description)
        .unit(unit)
        .palette(Palette::Losses)
}

/// The rate of a counter for each value of the label in `legend`, if there is one.
fn rate(legend: &'static str, name: &str, lost: &str) -> PromQl {
    let by = legend.trim_matches(['{', '}']);
    let by = match by == legend {
        true => String::new(),
        false => format!(" by ({by}) "),
    };
    query(
        legend,
        format!("sum{by}(rate({name}{{{ALL}{lost}}}[$__rate_interval]))"),
    )
}
