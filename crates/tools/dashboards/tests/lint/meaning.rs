//! Numbers, colours and texts must be correct in every theme.

use serde_json::Value;
use stages::Stage;

use crate::report::Report;
use crate::support::board::{Board, list, text};

/// Typical values under the stack's simulated users: a threshold close to one would change the
/// colour without a cause.
const MEANS: [(&str, &[f64]); 3] = [
    ("Error Ratio", &[0.15]),
    ("Success Rate", &[50.0, 90.0, 100.0]),
    ("Performance Improvement Factor", &[3.4]),
];

/// Minimum distance of a threshold from such a mean, as a share of the mean.
const APART: f64 = 0.2;

/// Grid columns below which the legend beside a pie leaves 50 pixels for it, and is cut itself.
const NARROW: u64 = 9;

/// The share that is near 1 while all is well, and where its axis may begin at the lowest.
const NEAR_ONE: (&str, f64) = ("Cache Hit Ratio", 0.5);

/// Good, doubtful and bad outcomes: series names, and the colours reserved for them.
const MEANINGS: [(&[&str], &[&str]); 3] = [
    (
        &[
            "success",
            "completed",
            "stored",
            "2..",
            "to the sink",
            "operational_line",
        ],
        &["green"],
    ),
    (
        &[
            "not_found",
            "cancelled",
            "conflict",
            "client errors",
            "404",
            "duplicate",
            "waiting",
        ],
        &["dark-yellow"],
    ),
    (
        &[
            "error",
            "failed",
            "failure",
            "server errors",
            "rejected",
            "dice rollbacks",
            "usage rollbacks",
            "500",
            "503",
            "timeout",
            "idle in transaction",
            "write_failed",
            "panics",
        ],
        &["red", "dark-red"],
    ),
];

/// Kinds of panel whose series are lines, bars or slices.
const COLOURED: [&str; 3] = ["timeseries", "piechart", "barchart"];

/// The subject of a log line: each of these fields is the subject of some message.
const SUBJECTS: [&str; 7] = [
    "die_identifier",
    "die_type",
    "failed",
    "async_batch_size",
    "event_type",
    "username",
    "cause",
];

/// Parts that a stage does not have yet.
const LATER: [(Stage, &str); 3] = [
    (Stage::Two, "frontend"),
    (Stage::Three, "die-service"),
    (Stage::Five, "PostgreSQL"),
];

pub(crate) fn check(board: &Board, report: &mut Report) {
    for panel in board.panels() {
        let place = format!("{}: {}", board.file, text(panel, "title"));
        check_numbers(board, panel, &place, report);
        check_colours(panel, &place, report);
        check_graph(panel, &place, report);
        check_logs(panel, &place, report);
        check_texts(board, panel, &place, report);
        check_quantiles(panel, &place, report);
    }
}

fn check_numbers(board: &Board, panel: &Value, place: &str, report: &mut Report) {
    let defaults = &panel["fieldConfig"]["defaults"];
    report.require(
        !["short", "none"].contains(&text(defaults, "unit")),
        "unit-short",
        place,
        "its unit shows 2871 as 3 K",
    );
    let means = MEANS
        .iter()
        .filter(|(title, _)| *title == panel["title"] && board.stage().is_some());
    let means = means.flat_map(|(_, means)| *means);
    for mean in means {
        for step in list(&defaults["thresholds"], "steps") {
            let apart = step["value"]
                .as_f64()
                .is_none_or(|value| (value - mean).abs() >= APART * mean);
            let problem = format!(
                "its threshold {} is too close to the mean {mean}",
                step["value"]
            );
            report.require(apart, "threshold-mean", place, problem);
        }
    }
}

/// Colours follow meaning, and the colours of good and bad outcomes have no other use.
fn check_colours(panel: &Value, place: &str, report: &mut Report) {
    let mode = text(&panel["fieldConfig"]["defaults"]["color"], "mode");
    report.require(
        !mode.starts_with("palette"),
        "colour-meaning",
        place,
        "takes colours from a palette, in which they have no meaning",
    );
    if !COLOURED.contains(&text(panel, "type")) {
        return;
    }
    for one in list(&panel["fieldConfig"], "overrides") {
        let names = text(&one["matcher"], "options");
        let names = names.trim_start_matches("/^(").trim_end_matches(")$/");
        let names: Vec<_> = names
            .split('|')
            .map(|name| name.trim_end_matches(".*"))
            .collect();
        let properties = list(one, "properties").iter();
        let colours = properties.filter(|property| property["id"] == "color");
        for colour in colours.map(|property| text(&property["value"], "fixedColor")) {
            for (words, reserved) in MEANINGS {
                let shown = reserved.contains(&colour);
                let right = names.iter().all(|name| words.contains(name) == shown);
                let problem = format!("{names:?} is {colour}");
                report.require(right, "colour-meaning", place, problem);
            }
        }
    }
}

fn check_graph(panel: &Value, place: &str, report: &mut Report) {
    let defaults = &panel["fieldConfig"]["defaults"];
    let overrides = list(&panel["fieldConfig"], "overrides");
    match text(panel, "type") {
        "timeseries" => {
            report.require(
                defaults["decimals"].is_null(),
                "graph-decimals",
                place,
                "has fixed decimals: small values repeat along the axis",
            );
            let bounded = ["bytes", "ms"].contains(&text(defaults, "unit"));
            report.require(
                bounded || defaults["custom"]["axisSoftMax"].is_number(),
                "axis-quiet",
                place,
                "has an axis up to 100 while all values are 0",
            );
            let low = defaults["custom"]["axisSoftMin"].as_f64() < Some(NEAR_ONE.1);
            report.require(
                !low || panel["title"] != NEAR_ONE.0,
                "axis-drop",
                place,
                "has an axis on which a drop is not seen",
            );
            let targets = list(panel, "targets").iter();
            let unused = targets
                .map(|target| text(target, "legendFormat"))
                .any(|legend| {
                    ["{{status}}", "{{http_status_code}}", "{{handler}}"].contains(&legend)
                });
            let hidden = overrides
                .iter()
                .any(|one| one["matcher"]["id"] == "byValue");
            report.require(
                !unused || hidden,
                "legend-zeros",
                place,
                "has a legend full of series that never occur",
            );
        }
        "piechart" => {
            let narrow = panel["gridPos"]["w"].as_u64() < Some(NARROW);
            report.require(
                !narrow || panel["options"]["legend"]["placement"] == "bottom",
                "pie-narrow",
                place,
                "has no room for a legend beside the pie at 1280 pixels",
            );
            let targets = list(panel, "targets").iter();
            let all = targets.filter(|target| text(target, "legendFormat") == "{{status}}");
            for target in all {
                let some = text(target, "expr").ends_with("> 0");
                report.require(some, "legend-zeros", place, "shows shares of 0");
            }
        }
        "state-timeline" => report.require(
            defaults["color"]["mode"] != "thresholds" && defaults["mappings"].is_array(),
            "state-words",
            place,
            "would show numbers instead of texts",
        ),
        "heatmap" => {
            let names_a_shade = text(panel, "description").contains("dark");
            report.require(
                !names_a_shade,
                "heatmap-text",
                place,
                "is correct in one theme only",
            );
        }
        _ => {}
    }
}

fn check_logs(panel: &Value, place: &str, report: &mut Report) {
    if panel["type"] != "logs" {
        return;
    }
    let wraps = panel["options"]["wrapLogMessage"] == true;
    report.require(wraps, "log-words", place, "truncates long lines");
    for target in list(panel, "targets") {
        let query = text(target, "expr");
        let marked = query.contains("|=") || query.contains("|~");
        report.require(
            !marked,
            "log-words",
            place,
            "highlights its filter in every line",
        );
        for subject in SUBJECTS {
            let named = query.contains(&format!("{{{{.{subject}}}}}"));
            let problem = format!("does not show the {subject} of a line");
            report.require(named, "log-words", place, problem);
        }
    }
}

fn check_texts(board: &Board, panel: &Value, place: &str, report: &mut Report) {
    let (Some(stage), "text") = (board.stage(), text(panel, "type")) else {
        return;
    };
    let content = text(&panel["options"], "content");
    for (since, what) in LATER {
        let there = stage >= since || !content.contains(what);
        report.require(there, "stage-text", place, format!("speaks of {what}"));
    }
}

/// No panel shows the same quantile of the same duration twice.
fn check_quantiles(panel: &Value, place: &str, report: &mut Report) {
    let targets = list(panel, "targets").iter();
    let legends: Vec<_> = targets.map(|target| text(target, "legendFormat")).collect();
    let twice = legends.contains(&"P95") && legends.contains(&"P95 of spans");
    report.require(!twice, "one-p95", place, "shows P95 from two sources");
}
