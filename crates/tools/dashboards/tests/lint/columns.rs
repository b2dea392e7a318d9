//! Columns: a text that happens to be digits stays a text, and a number has a unit.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::report::Report;
use crate::support::board::{Board, list, text};

/// Grafana applies a panel's unit to every column, texts included: with a unit for numbers the port
/// 5003 is shown as "5.00 K", and a user called 007 as "7".
const TEXT: &str = "string";

pub(crate) fn check(board: &Board, report: &mut Report) {
    for panel in board.panels() {
        let place = format!("{}: {}", board.file, text(panel, "title"));
        match text(panel, "type") {
            "table" if panel["datasource"]["type"] != "tempo" => {
                check_table(panel, &place, report);
            }
            "barchart" => {
                let names = text(&panel["options"], "xField");
                let right = units(panel, names).contains(TEXT);
                let problem = format!("its names, {names:?}, are not of the unit {TEXT:?}");
                report.require(right, "text-column", place, problem);
            }
            _ => {}
        }
    }
}

fn check_table(panel: &Value, place: &str, report: &mut Report) {
    let unit = text(&panel["fieldConfig"]["defaults"], "unit");
    let problem = format!("its unit is {unit:?}: texts of digits, such as ports, change");
    report.require(unit == TEXT, "text-column", place, problem);
    for name in numbers(panel) {
        let units = units(panel, name);
        let right = !units.is_empty() && !units.contains(TEXT);
        let problem = format!("the numbers of {name:?} have no unit");
        report.require(right, "number-column", place, problem);
    }
}

/// The names of the columns that hold a query's values.
fn numbers(panel: &Value) -> impl Iterator<Item = &str> {
    let transformations = list(panel, "transformations").iter();
    let renamed = transformations.filter_map(|one| one["options"]["renameByName"].as_object());
    renamed
        .flatten()
        .filter(|(column, _)| column.starts_with("Value"))
        .filter_map(|(_, name)| name.as_str())
}

/// The units that overrides give to a column.
fn units<'a>(panel: &'a Value, column: &str) -> BTreeSet<&'a str> {
    let overrides = list(&panel["fieldConfig"], "overrides").iter();
    let own = overrides.filter(|one| one["matcher"]["options"] == column);
    let properties = own.flat_map(|one| list(one, "properties"));
    let units = properties.filter(|property| property["id"] == "unit");
    units.map(|property| text(property, "value")).collect()
}
