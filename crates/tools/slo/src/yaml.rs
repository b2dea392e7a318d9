//! Rules as YAML that people can read: one group after the other, each query in a block.

use std::fmt::Write;

use crate::alert::Alert;
use crate::clock::Clock;
use crate::rules::{Group, Record, Rule};

/// The file of a clock.
pub(crate) fn file(clock: Clock, groups: &[Group]) -> String {
    let mut text = format!(
        "# Objectives and alerts over {clock}. Generated from crates/tools/slo: change them there, then run\n\
         # `cargo xtask slo`. docs/slo.md explains them.\n\
         groups:\n"
    );
    for group in groups {
        text += &format!(
            "  - name: {}\n    interval: {}\n    rules:\n",
            group.name, group.interval
        );
        for rule in &group.rules {
            text += &match rule {
                Rule::Record(record) => recorded(record),
                Rule::Alert(alert) => alerting(alert),
            };
        }
    }
    text
}

/// A file of rules as a custom resource of the Prometheus operator.
pub(crate) fn manifest(file: &str) -> String {
    let is_comment = |line: &&str| line.starts_with('#');
    let (comments, groups): (Vec<&str>, Vec<&str>) = file.lines().partition(is_comment);
    let mut text = comments.join("\n");
    text += "\napiVersion: monitoring.coreos.com/v1\n\
        kind: PrometheusRule\n\
        metadata:\n  name: dice-roller\n  labels: { release: kube-prometheus-stack }\n\
        spec:\n";
    for line in groups {
        let _ = writeln!(text, "  {line}");
    }
    text
}

fn recorded(record: &Record) -> String {
    let mut text = format!("      - record: {}\n", record.name);
    text += &block("expr", &record.expr);
    if !record.labels.is_empty() {
        text += "        labels:\n";
    }
    for (name, value) in &record.labels {
        text += &format!("          {name}: {}\n", quoted(value));
    }
    text
}

fn alerting(alert: &Alert) -> String {
    let mut text = format!("      - alert: {}\n", alert.name);
    text += &block("expr", &alert.expr);
    if let Some(wait) = alert.wait {
        text += &format!("        for: {wait}\n");
    }
    text += &format!("        labels:\n          severity: {}\n", alert.severity);
    if let Some(slo) = alert.slo {
        text += &format!("          slo: {slo}\n");
    }
    let url = alert.runbook_url();
    text += "        annotations:\n";
    for (name, value) in [
        ("summary", &alert.summary),
        ("description", &alert.description),
        ("runbook_url", &url),
    ] {
        text += &format!("          {name}: {}\n", quoted(value));
    }
    text
}

/// A text of one or more lines.
fn block(key: &str, text: &str) -> String {
    if !text.contains('\n') {
        return format!("        {key}: {}\n", quoted(text));
    }
    let mut block = format!("        {key}: |-\n");
    for line in text.lines() {
        let _ = writeln!(block, "          {line}");
    }
    block
}

/// In single quotes, in which only the quote itself is special.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
