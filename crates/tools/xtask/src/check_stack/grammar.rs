//! The LogQL of the datasources, by the grammar that the test of the dashboards installs.

use std::io::Write;
use std::process::{Command, Stdio};

use super::Verdict;
use crate::command::{is_there, root};

const GRAMMAR: &str = "crates/tools/dashboards/tests/grammar";

/// As Grafana fills it in for a span of dice-roller.
const SPAN: [(&str, &str); 2] = [
    ("$${__trace.traceId}", "4bf92f3577b34da6a3ce929d0e0e4736"),
    ("$$", "$"),
];

pub(super) fn check() -> Result<Verdict, String> {
    let folder = root().join(GRAMMAR);
    if !is_there("node") {
        return Ok(Verdict::Missing(
            "node is not here; https://nodejs.org".to_owned(),
        ));
    }
    if !folder.join("node_modules").exists() {
        let mut install = Command::new("npm");
        install.args(["install", "--no-audit", "--no-fund", "--silent"]);
        if let Err(problem) = crate::command::output(install.current_dir(&folder)) {
            return Ok(Verdict::Missing(format!(
                "npm cannot get the grammar: {problem}"
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
    let mut stdin = child.stdin.take().ok_or("node takes no input")?;
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

/// The one query in LogQL.
fn query() -> Result<String, String> {
    let path = "stack/grafana/provisioning/datasources/datasources.yaml";
    let text = std::fs::read_to_string(root().join(path));
    let text = text.map_err(|error| format!("{path}: {error}"))?;
    let mut queries = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("query: '"));
    let query = queries
        .next()
        .ok_or_else(|| format!("{path} has no query in LogQL"))?;
    let mut query = query.trim_end_matches('\'').to_owned();
    for (variable, value) in SPAN {
        query = query.replace(variable, value);
    }
    Ok(query)
}
