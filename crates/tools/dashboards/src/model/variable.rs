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
