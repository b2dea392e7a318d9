//! Panels that compute: given series, the figure they show, by `promtool test rules`. The cases
//! are in `arithmetic.yml`.

#[path = "support/support.rs"]
mod support;

use std::fs;
use std::process::Command;

use serde_json::Value;
use support::board::boards;
use support::interpolate::Values;

#[test]
fn figures_are_what_they_say() {
    let folder = std::env::temp_dir().join(format!("dashboards-rules-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("the temporary folder can be written");
    let file = folder.join("cases.yml");
    fs::write(&file, cases()).expect("the temporary folder can be written");
    let mut promtool = Command::new("promtool");
    let output = promtool.args(["test", "rules"]).arg(&file).output();
    // A folder left in the system's temporary one is no reason to fail.
    let _ = fs::remove_dir_all(&folder);
    match output {
        Ok(output) => assert!(
            output.status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) if std::env::var_os("CI").is_some() => panic!("promtool: {error}"),
        Err(error) => println!("skipped: the panels' arithmetic needs promtool: {error}"),
    }
}

/// The cases with the panels' queries in place of `<file: panel>`.
fn cases() -> String {
    let lines = include_str!("arithmetic.yml").lines();
    lines
        .map(|line| match line.split_once(": <") {
            Some((key, panel)) => format!("{key}: {}\n", query(panel.trim_end_matches('>'))),
            None => format!("{line}\n"),
        })
        .collect()
}

/// The first query of `file: panel`, as a quoted YAML string.
fn query(place: &str) -> String {
    let (file, panel) = place.split_once(": ").expect("a file and a panel");
    let boards = boards();
    let board = boards.iter().find(|board| board.file == file);
    let board = board.unwrap_or_else(|| panic!("there is no {file}"));
    let values = Values {
        rate_interval: "5m".to_owned(),
        range: "10m".to_owned(),
        variables: board.variables(),
    };
    let target = &board.panel(panel)["targets"][0]["expr"];
    let expr = values.fill(target.as_str().expect("a PromQL query"));
    // promtool compares exactly, and rates are sums of floats.
    Value::from(format!("round({expr}, 0.001)")).to_string()
}
