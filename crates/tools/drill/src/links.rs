//! Links to the evidence: Grafana's Explore, or the trace store itself.

use base_url::endpoint;
use serde_json::{Value, json};
use url::Url;

/// From when until when, in milliseconds since 1970, as Grafana has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) from: u64,
    pub(crate) to: u64,
}

/// Explore of the Grafana at `base`, with `query` in the data source `source`, which is its type and
/// its uid.
pub(crate) fn explore(base: &Url, source: &str, mut query: Value, window: Window) -> String {
    query["refId"] = json!("A");
    query["datasource"] = json!({ "type": source, "uid": source });
    let pane = json!({
        "datasource": source,
        "queries": [query],
        "range": { "from": window.from.to_string(), "to": window.to.to_string() },
    });
    let panes = json!({ "drill": pane }).to_string();
    let parameters = [("schemaVersion", "1"), ("panes", &panes), ("orgId", "1")];
    endpoint(base, "/explore", &parameters).into()
}

/// A trace, in the store at `tempo` itself.
pub(crate) fn stored(tempo: &Url, id: &str) -> String {
    endpoint(tempo, &format!("/api/traces/{id}"), &[]).into()
}
