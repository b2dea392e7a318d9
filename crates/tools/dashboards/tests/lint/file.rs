//! Mistakes that keep Grafana's file provisioner from loading a dashboard, or make it load a broken
//! one.

use std::collections::BTreeSet;

use crate::report::Report;
use crate::support::board::{Board, list, text};
use crate::support::interpolate::variables_in;

/// Keys of other formats: the HTTP API's wrapper, schema v2, an export with inputs.
const FOREIGN: [&str; 6] = [
    "dashboard",
    "spec",
    "elements",
    "__inputs",
    "__requires",
    "id",
];

/// Rules about one file.
pub(crate) fn check(board: &Board, report: &mut Report) {
    let (json, file) = (&board.json, &board.file);
    for key in FOREIGN {
        let absent = json.get(key).is_none();
        report.require(absent, "classic", file, format!("has {key:?} at its root"));
    }
    let written = json.to_string();
    report.require(
        !written.contains("${DS_"),
        "classic",
        file,
        "contains ${DS_...}, which only an import replaces",
    );
    report.require(
        json["schemaVersion"]
            .as_u64()
            .is_some_and(|v| (41..=42).contains(&v)),
        "schema-version",
        file,
        "schemaVersion is not 41 or 42",
    );
    let uid = text(json, "uid");
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    report.require(
        (1..=40).contains(&uid.len()) && uid.chars().all(plain),
        "uid",
        file,
        format!("uid {uid:?} must be 1 to 40 characters of a-z, 0-9 and -"),
    );
    report.require(
        !text(json, "title").is_empty(),
        "title",
        file,
        "has no title",
    );
    check_variables(board, &written, report);
}

/// Every variable is used, and every variable in use is declared.
fn check_variables(board: &Board, written: &str, report: &mut Report) {
    let variables = list(&board.json["templating"], "list").iter();
    for variable in list(&board.json["templating"], "list") {
        let shown = variable["current"]["text"].to_string();
        let problem = format!("the box of a variable reads {shown}, which is a query");
        let words = !shown.contains('{');
        report.require(words, "variable-text", &board.file, problem);
    }
    let declared: BTreeSet<_> = variables.map(|v| text(v, "name").to_owned()).collect();
    let used: BTreeSet<_> = variables_in(written)
        .into_iter()
        .filter(|name| !name.starts_with("__"))
        .collect();
    for name in used.difference(&declared) {
        let problem = format!("uses ${name}, which is not a variable");
        report.require(false, "variable", &board.file, problem);
    }
    for name in declared.difference(&used) {
        let problem = format!("nothing uses ${name}");
        report.require(false, "variable", &board.file, problem);
    }
}

/// Rules about all files: the provisioner writes none of them if two conflict.
pub(crate) fn check_together(boards: &[Board], report: &mut Report) {
    for key in ["uid", "title"] {
        let mut seen = BTreeSet::new();
        for board in boards {
            let value = text(&board.json, key);
            report.require(
                seen.insert(value),
                "duplicate-dashboard",
                &board.file,
                format!("another file has the {key} {value:?}"),
            );
        }
    }
}
