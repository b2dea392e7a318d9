//! Checks the LogQL of the datasources with the grammar that the dashboards' tests install.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Verdict;
use tooling::command::{is_there, output, root};

const GRAMMAR: &str = "crates/tools/dashboards/tests/grammar";

const DATASOURCES: &str = "stack/grafana/provisioning/datasources/datasources.yaml";

/// Example values for the variables that Grafana replaces.
const SPAN: [(&str, &str); 2] = [
    ("$${__trace.traceId}", "4bf92f3577b34da6a3ce929d0e0e4736"),
    ("$$", "$"),
];

pub(crate) fn check() -> Result<Verdict, String> {
    let folder = root().join(GRAMMAR);
    if !is_there("node") {
        return Ok(Verdict::Missing(
            "node is not installed; see https://nodejs.org".to_owned(),
        ));
    }
    if !folder.join("node_modules").exists() {
        let mut install = Command::new("npm");
        install.args(["install", "--no-audit", "--no-fund", "--silent"]);
        if let Err(problem) = output(install.current_dir(&folder)) {
            return Ok(Verdict::Missing(format!(
                "npm cannot install the grammar: {problem}"
            )));
        }
    }
    let query = query()?;
    let asked = serde_json::json!([{ "language": "logql", "query": query }]).to_string();
    let mut node = Command::new("node");
    node.arg("check.mjs")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = node.spawn().map_err(|error| format!("node: {error}"))?;
    let mut stdin = child.stdin.take().ok_or("node has no standard input")?;
    stdin
        .write_all(asked.as_bytes())
        .map_err(|error| format!("node: {error}"))?;
    drop(stdin);
    let said = child
        .wait_with_output()
        .map_err(|error| format!("node: {error}"))?;
    let answer = String::from_utf8_lossy(&said.stdout);
    if answer.trim() == "[null]" {
        return Ok(Verdict::Good("trace -> log lines".to_owned()));
    }
    Err(format!("{query}: {}", answer.trim()))
}

/// The LogQL query that Grafana uses to link a trace to its log lines.
fn query() -> Result<String, String> {
    let text = std::fs::read_to_string(root().join(DATASOURCES));
    let text = text.map_err(|error| format!("{DATASOURCES}: {error}"))?;
    let file: Value =
        yaml_serde::from_str(&text).map_err(|error| format!("{DATASOURCES}: {error}"))?;
    let datasources = file["datasources"].as_array().into_iter().flatten();
    let mut queries =
        datasources.filter_map(|it| it["jsonData"]["tracesToLogsV2"]["query"].as_str());
    let query = queries
        .next()
        .ok_or_else(|| format!("{DATASOURCES} has no query from a trace to its log lines"))?;
    let filled = SPAN
        .iter()
        .fold(query.to_owned(), |query, (variable, value)| {
            query.replace(variable, value)
        });
    Ok(filled)
}
