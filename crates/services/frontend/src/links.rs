//! Deep links into Grafana, for the roll that was just made.

use serde_json::{Value, json};
use url::Url;

use crate::Config;

/// Placeholder for the trace id in links that the page completes.
pub(crate) const TRACE_ID: &str = "TRACE_ID";

/// Links into Grafana.
#[derive(Debug, Clone)]
pub(crate) struct Links {
    /// Grafana's address, without a slash at the end.
    base: String,
    /// The path of the dashboard, or of Grafana's home page.
    dashboard: String,
}

impl Links {
    /// None if no Grafana is configured.
    pub(crate) fn new(config: &Config) -> Option<Self> {
        let base = config.grafana_url.as_ref()?.as_str().trim_end_matches('/');
        let dashboard = config.grafana_dashboard.as_ref();
        Some(Self {
            base: base.to_owned(),
            dashboard: dashboard.map_or("/".to_owned(), |uid| {
                format!("/d/{uid}?from=now-15m&to=now")
            }),
        })
    }

    /// The dashboard of the services.
    pub(crate) fn dashboard(&self) -> String {
        format!("{}{}", self.base, self.dashboard)
    }

    /// A trace in Explore.
    pub(crate) fn trace(&self, id: &str) -> String {
        let query = json!({ "queryType": "traceql", "query": id });
        self.explore("tempo", query)
    }

    /// The log lines of a trace in Explore, of all services.
    pub(crate) fn logs(&self, id: &str) -> String {
        let expr = format!("{{service_name=~\".+\"}} | trace_id=\"{id}\"");
        let query = json!({ "editorMode": "code", "queryType": "range", "expr": expr });
        self.explore("loki", query)
    }

    /// Explore with one pane. `source` is both the type and the uid of the data source.
    fn explore(&self, source: &str, mut query: Value) -> String {
        query["refId"] = json!("A");
        query["datasource"] = json!({ "type": source, "uid": source });
        let pane = json!({
            "datasource": source,
            "queries": [query],
            "range": { "from": "now-1h", "to": "now" },
        });
        let mut url = Url::parse(&format!("{}/explore", self.base)).expect("the base is a URL");
        url.query_pairs_mut()
            .append_pair("schemaVersion", "1")
            .append_pair("panes", &json!({ "roll": pane }).to_string())
            .append_pair("orgId", "1");
        url.into()
    }
}
