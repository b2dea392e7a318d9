//! A dashboard: its rows, variables and common settings.

use serde_json::{Value, json};
use stages::Stage;

use super::colour::{BLUE, RED};
use super::json::text;
use super::layout::{Row, place};
use super::target::{PROMETHEUS, datasource};
use super::variable::Variable;

/// The newest version of the classic schema, which Grafana 12.4 writes.
const SCHEMA_VERSION: u8 = 42;

/// A dashboard's definition.
pub(crate) struct Dashboard {
    /// File name in the compiled folder.
    pub(crate) file: String,
    pub(crate) uid: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) tags: Vec<String>,
    /// The refresh interval: `5s`.
    pub(crate) refresh: &'static str,
    pub(crate) variables: Vec<Variable>,
    /// PromQL selector of the jobs whose starts are annotated in every graph.
    pub(crate) jobs: String,
    pub(crate) rows: Vec<Row>,
    /// Whether rows have a collapsible header.
    pub(crate) headers: bool,
    /// The stage that `stageN` stands for.
    pub(crate) stage: Option<Stage>,
}

impl Dashboard {
    /// Renders the file's content.
    pub(crate) fn to_json(&self) -> String {
        let variables: Vec<_> = self.variables.iter().map(|v| v.to_json()).collect();
        let dashboard = json!({
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": self.tags,
            "schemaVersion": SCHEMA_VERSION,
            "editable": true,
            "graphTooltip": 1,
            "timezone": "browser",
            "time": { "from": "now-1h", "to": "now" },
            "refresh": self.refresh,
            "templating": { "list": variables },
            "annotations": { "list": [self.starts(), faults()] },
            "links": [
                last_minutes(&self.uid),
                tagged("Dice Roller stages", "dice-roller"),
                tagged("KTRDR", "ktrdr"),
                tagged("Objectives", "slo"),
                tagged("Cost", "cost"),
            ],
            "panels": place(&self.rows, self.headers),
        });
        let text = text(&dashboard);
        match self.stage {
            Some(stage) => text.replace("stageN", &format!("stage{stage}")),
            None => text,
        }
    }

    /// An annotation at each start of a process, which is the value of the series.
    fn starts(&self) -> Value {
        let expr = format!("1000 * process_start_time_seconds{{{}}}", self.jobs);
        json!({
            "name": "Process starts",
            "datasource": datasource(PROMETHEUS),
            "enable": true,
            "hide": false,
            "iconColor": BLUE,
            "expr": expr,
            "target": { "refId": "Anno", "expr": expr, "range": true, "instant": false, "interval": "" },
            "step": "10s",
            "useValueForTime": true,
            "titleFormat": "{{job}} started",
            "textFormat": "{{instance}}",
            "tagKeys": "job",
        })
    }
}

/// A region for each time in which a fault was switched on: consecutive values become one region. At a
/// long time range the step is longer than some faults, so each step shows the maximum within it.
fn faults() -> Value {
    let expr = "max by (fault) (max_over_time(fault_active[$__interval])) > 0";
    json!({
        "name": "Faults",
        "datasource": datasource(PROMETHEUS),
        "enable": true,
        "hide": false,
        "iconColor": RED,
        "expr": expr,
        "target": { "refId": "Anno", "expr": expr, "range": true, "instant": false, "interval": "5s" },
        "step": "5s",
        "titleFormat": "{{fault}}",
        "textFormat": "A fault that was switched on on purpose",
        "tagKeys": "fault",
    })
}

/// A link to the same dashboard with a time range that has data after a fresh start.
fn last_minutes(uid: &str) -> Value {
    json!({
        "type": "link",
        "title": "Last 15 minutes",
        "url": format!("/d/{uid}?from=now-15m&to=now"),
        "tags": [],
        "asDropdown": false,
        "includeVars": true,
        "keepTime": false,
        "targetBlank": false,
        "icon": "bolt",
        "tooltip": "Use this after a fresh start, when the default hour is nearly empty",
    })
}

/// A menu of the dashboards with `tag`.
fn tagged(title: &str, tag: &str) -> Value {
    json!({
        "type": "dashboards",
        "title": title,
        "tags": [tag],
        "asDropdown": true,
        "includeVars": false,
        "keepTime": true,
        "targetBlank": false,
        "icon": "external link",
        "tooltip": "",
        "url": "",
    })
}
