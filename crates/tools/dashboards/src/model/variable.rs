//! Variables: the values that a dashboard can be filtered by.

use serde_json::{Value, json};

use super::target::{PROMETHEUS, datasource};

/// A dashboard variable.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Variable {
    /// Multiple values of a label of Prometheus' series; the default is all.
    Labels {
        name: &'static str,
        label: &'static str,
        description: &'static str,
        /// `label_values(...)`.
        query: &'static str,
        /// The regular expression for "All".
        all: &'static str,
    },
    /// One of several values; the first is the default.
    Choice {
        name: &'static str,
        label: &'static str,
        description: &'static str,
        /// The displayed texts and the values.
        options: &'static [(&'static str, &'static str)],
    },
    /// One value; any other can be typed in.
    OneOf {
        name: &'static str,
        label: &'static str,
        description: &'static str,
        /// The displayed text, and the value.
        default: (&'static str, &'static str),
    },
}

impl Variable {
    pub(crate) fn to_json(self) -> Value {
        match self {
            Self::Labels {
                name,
                label,
                description,
                query,
                all,
            } => json!({
                "type": "query",
                "name": name,
                "label": label,
                "description": description,
                "datasource": datasource(PROMETHEUS),
                "definition": query,
                "query": { "qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery" },
                "refresh": 2,
                "sort": 1,
                "multi": true,
                "includeAll": true,
                "allValue": all,
                "current": { "text": ["All"], "value": ["$__all"] },
                "options": [],
                "hide": 0,
            }),
            Self::Choice {
                name,
                label,
                description,
                options,
            } => choice(name, label, description, options),
            Self::OneOf {
                name,
                label,
                description,
                default: (text, value),
            } => json!({
                "type": "custom",
                "name": name,
                "label": label,
                "description": description,
                "query": format!("{text} : {value}"),
                "allowCustomValue": true,
                "multi": false,
                "includeAll": false,
                "current": { "text": text, "value": value },
                "options": [{ "selected": true, "text": text, "value": value }],
                "hide": 0,
            }),
        }
    }
}

fn choice(name: &str, label: &str, description: &str, options: &[(&str, &str)]) -> Value {
    let written = options
        .iter()
        .map(|(text, value)| format!("{text} : {value}"));
    let written: Vec<_> = written.collect();
    let listed = options.iter().enumerate();
    let listed = listed.map(
        |(index, (text, value))| json!({ "selected": index == 0, "text": text, "value": value }),
    );
    let listed: Vec<_> = listed.collect();
    let first = options.first().copied().unwrap_or_default();
    json!({
        "type": "custom",
        "name": name,
        "label": label,
        "description": description,
        "query": written.join(","),
        "multi": false,
        "includeAll": false,
        "current": { "text": first.0, "value": first.1 },
        "options": listed,
        "hide": 0,
    })
}
