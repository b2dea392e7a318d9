//! Links from a value to its explanation.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::target::{JAEGER, TEMPO, TableType, datasource};

/// Characters that a URL need not escape are removed from this set.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// A link on a value, in a panel's corner or in text.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    title: &'static str,
    url: String,
}

impl Link {
    /// Links to any address; Grafana fills in `${...}`.
    pub(crate) fn new(title: &'static str, url: impl Into<String>) -> Self {
        let url = url.into();
        Self { title, url }
    }

    /// Links to a TraceQL search in Explore over the dashboard's time range.
    pub(crate) fn traces(title: &'static str, query: &str) -> Self {
        let search = json!({
            "queryType": "traceql",
            "query": query,
            "limit": 20,
            "tableType": TableType::Traces.id(),
        });
        Self::new(title, explore(TEMPO, search))
    }

    /// Links to one trace in Jaeger, which runs if its profile is enabled.
    pub(crate) fn jaeger(id: &str) -> Self {
        let url = explore(JAEGER, json!({ "query": id }));
        Self::new("Open in Jaeger (profile jaeger)", url)
    }

    /// Links to another of our dashboards and keeps the time range; `variables` begins with `&` or
    /// is empty.
    pub(crate) fn dashboard(title: &'static str, uid: &str, variables: &str) -> Self {
        Self::new(title, format!("/d/{uid}?${{__url_time_range}}{variables}"))
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "title": self.title, "url": self.url, "targetBlank": false })
    }

    /// Renders the link as Markdown.
    pub(crate) fn markdown(&self) -> String {
        format!("[{}]({})", self.title, self.url)
    }
}

/// The address in Explore of a query to a datasource.
fn explore(name: &str, mut query: Value) -> String {
    query["refId"] = "A".into();
    query["datasource"] = datasource(name);
    let panes = json!({ "traces": {
        "datasource": name,
        "queries": [query],
        "range": { "from": "${__from}", "to": "${__to}" },
    }});
    let panes = encode_around_variables(&panes.to_string());
    format!("/explore?schemaVersion=1&panes={panes}")
}

/// Percent-encodes `text` except `${...}`, which Grafana only expands unencoded.
fn encode_around_variables(text: &str) -> String {
    let mut encoded = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let end = rest[start..]
            .find('}')
            .map_or(rest.len(), |length| start + length + 1);
        encoded.extend(utf8_percent_encode(&rest[..start], ENCODED));
        encoded.push_str(&rest[start..end]);
        rest = &rest[end..];
    }
    encoded.extend(utf8_percent_encode(rest, ENCODED));
    encoded
}
