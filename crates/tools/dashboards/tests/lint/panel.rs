//! Texts and settings that every panel must have.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::report::Report;
use crate::support::board::{Board, list, text};

/// The provisioned datasources: type and uid.
const DATASOURCES: [(&str, &str); 4] = [
    ("prometheus", "prometheus"),
    ("loki", "loki"),
    ("tempo", "tempo"),
    ("grafana-postgresql-datasource", "usage-db"),
];

/// Kinds of panel that show no numbers.
const WITHOUT_UNIT: [&str; 5] = ["text", "logs", "nodeGraph", "traces", "alertlist"];

/// Kinds that Grafana colours red from 80 upwards by default.
const WITH_THRESHOLDS: [&str; 3] = ["stat", "gauge", "bargauge"];

pub(crate) fn check(board: &Board, report: &mut Report) {
    let (mut ids, mut titles) = (BTreeSet::new(), BTreeSet::new());
    for panel in board.items() {
        let title = text(panel, "title");
        let place = format!("{}: {title}", board.file);
        let id = panel["id"].as_u64();
        report.require(
            id.is_some_and(|id| ids.insert(id)),
            "id",
            &place,
            "no unique id",
        );
        let named = !title.is_empty() && titles.insert(title);
        report.require(named, "panel-title", &place, "no unique title");
    }
    for panel in board.panels() {
        let place = format!("{}: {}", board.file, text(panel, "title"));
        check_texts(panel, &place, report);
        check_thresholds(panel, &place, report);
        check_datasources(panel, &place, report);
        check_targets(panel, &place, report);
        check_columns(panel, &place, report);
    }
}

fn check_texts(panel: &Value, place: &str, report: &mut Report) {
    let description = text(panel, "description");
    report.require(
        (20..=400).contains(&description.len()) && description.ends_with('.'),
        "description",
        place,
        "no description of 20 to 400 characters that ends with a period",
    );
    let spans = list(panel, "targets")
        .iter()
        .any(|t| t["datasource"]["type"] == "tempo");
    let unit = text(&panel["fieldConfig"]["defaults"], "unit");
    report.require(
        spans || WITHOUT_UNIT.contains(&text(panel, "type")) || !unit.is_empty(),
        "unit",
        place,
        "no unit",
    );
}

fn check_thresholds(panel: &Value, place: &str, report: &mut Report) {
    let steps = list(&panel["fieldConfig"]["defaults"]["thresholds"], "steps");
    let values: Vec<_> = steps.iter().skip(1).map(|s| s["value"].as_f64()).collect();
    report.require(
        !WITH_THRESHOLDS.contains(&text(panel, "type"))
            || !steps.is_empty() && values.is_sorted() && !values.contains(&None),
        "thresholds",
        place,
        "no ascending thresholds",
    );
}

fn check_datasources(panel: &Value, place: &str, report: &mut Report) {
    let queried = panel["type"] != "text" && panel["type"] != "alertlist";
    let own = queried.then_some(&panel["datasource"]).into_iter();
    for source in own.chain(list(panel, "targets").iter().map(|t| &t["datasource"])) {
        let (kind, uid) = (text(source, "type"), text(source, "uid"));
        report.require(
            DATASOURCES.contains(&(kind, uid)),
            "datasource",
            place,
            format!("the datasource {source} is not provisioned"),
        );
    }
    report.require(
        !queried || !list(panel, "targets").is_empty(),
        "datasource",
        place,
        "has no query",
    );
}

/// A table of spans has a column for each attribute that its query names, filters included.
fn check_columns(panel: &Value, place: &str, report: &mut Report) {
    let overrides = list(&panel["fieldConfig"], "overrides");
    let named: BTreeSet<_> = overrides
        .iter()
        .map(|o| text(&o["matcher"], "options"))
        .collect();
    let targets = list(panel, "targets").iter();
    for target in targets.filter(|t| t["tableType"] == "spans") {
        for attribute in attributes(text(target, "query")) {
            let problem = format!("the column {attribute} is neither hidden nor renamed");
            report.require(named.contains(attribute), "column", place, problem);
        }
    }
}

/// The attributes in a TraceQL query, without their scopes.
fn attributes(query: &str) -> impl Iterator<Item = &str> {
    query
        .split(|c: char| !(c.is_alphanumeric() || "._".contains(c)))
        .filter_map(|word| {
            word.strip_prefix("span.")
                .or(word.strip_prefix("resource."))
        })
}

fn check_targets(panel: &Value, place: &str, report: &mut Report) {
    let targets = list(panel, "targets");
    let ids: BTreeSet<_> = targets.iter().map(|t| text(t, "refId")).collect();
    report.require(
        ids.len() == targets.len() && !ids.contains(""),
        "ref-id",
        place,
        "two queries share a refId",
    );
    let searches = targets.iter().filter(|t| t["queryType"] == "traceql");
    report.require(
        searches.count() <= 1,
        "one-search",
        place,
        "only the first of several TraceQL searches would run",
    );
    for target in targets
        .iter()
        .filter(|t| t["datasource"]["type"] == "prometheus")
    {
        report.require(
            !text(target, "legendFormat").is_empty(),
            "legend",
            place,
            "a query without a legend shows raw label sets",
        );
    }
}
