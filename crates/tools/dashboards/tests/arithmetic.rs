//! Panels that compute: given series, the value that each panel shows, checked by `promtool test
//! rules`. The cases are in `arithmetic.yml`.

#[path = "support/support.rs"]
mod support;

use serde_json::Value;
use support::board::{boards, list};
use support::interpolate::Values;
use support::promtool;

#[test]
fn panels_compute_the_expected_values() {
    if let Some(verdict) = promtool::rules("test", &cases()) {
        assert_eq!(verdict, Ok(()));
    }
}

/// The cases with the panels' queries in place of `<file: panel>` or `<file: panel [legend]>`.
fn cases() -> String {
    let lines = include_str!("arithmetic.yml").lines();
    lines
        .map(|line| match line.split_once(": <") {
            Some((key, panel)) => format!("{key}: {}\n", query(panel.trim_end_matches('>'))),
            None => format!("{line}\n"),
        })
        .collect()
}

/// The first query of `file: panel`, or the one of that legend, as a quoted YAML string.
fn query(place: &str) -> String {
    let (file, panel) = place.split_once(": ").expect("a file and a panel");
    let (panel, legend) = match panel.split_once(" [") {
        Some((panel, legend)) => (panel, Some(legend.trim_end_matches(']'))),
        None => (panel, None),
    };
    let boards = boards();
    let board = boards.iter().find(|board| board.file == file);
    let board = board.unwrap_or_else(|| panic!("{file} does not exist"));
    let values = Values {
        rate_interval: "5m".to_owned(),
        range: "10m".to_owned(),
        variables: board.variables(),
    };
    let mut targets = list(board.panel(panel), "targets").iter();
    let target = targets.find(|target| legend.is_none_or(|it| target["legendFormat"] == it));
    let target = target.unwrap_or_else(|| panic!("{file} has no {panel} [{legend:?}]"));
    let expr = values.fill(target["expr"].as_str().expect("a PromQL query"));
    // promtool compares exactly, but rates are sums of floats.
    Value::from(format!("round({expr}, 0.001)")).to_string()
}
