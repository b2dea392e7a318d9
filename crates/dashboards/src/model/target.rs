//! Queries, each with the datasource it is for.

use serde_json::{Value, json};

/// The provisioned datasources' type and uid, which are the same words.
pub(crate) const PROMETHEUS: &str = "prometheus";
pub(crate) const LOKI: &str = "loki";
pub(crate) const TEMPO: &str = "tempo";
pub(crate) const JAEGER: &str = "jaeger";

/// A reference to one of them.
pub(crate) fn datasource(name: &str) -> Value {
    json!({ "type": name, "uid": name })
}

/// One query of a panel.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// PromQL.
    Prometheus(PromQl),
    /// LogQL for log lines.
    Logs(String),
    /// TraceQL, or a trace id, shown as a table of traces or spans.
    Traces { query: String, table: TableType },
    /// The graph of services that Tempo writes to Prometheus; the text selects its series.
    ServiceGraph(&'static str),
}

/// A row of a table of traces.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TableType {
    /// One trace.
    Traces,
    /// One matching span, with the attributes selected.
    Spans,
}

/// A PromQL query and what to make of its answer.
#[derive(Debug, Clone)]
pub(crate) struct PromQl {
    expr: String,
    legend: &'static str,
    /// One value for the whole time range rather than one for each step.
    instant: bool,
    format: &'static str,
    exemplar: bool,
}

/// A query over time. `legend` names the series and may hold `{{label}}`.
pub(crate) fn query(legend: &'static str, expr: impl Into<String>) -> PromQl {
    PromQl {
        expr: expr.into(),
        legend,
        instant: false,
        format: "time_series",
        exemplar: false,
    }
}

/// A query for now: one value for each series.
pub(crate) fn instant(legend: &'static str, expr: impl Into<String>) -> PromQl {
    PromQl {
        instant: true,
        ..query(legend, expr)
    }
}

impl PromQl {
    /// As rows of a table, one for each series and one column for each label.
    pub(crate) fn table(mut self) -> Self {
        self.format = "table";
        self
    }

    /// As the buckets of a histogram, turned from cumulative to single ones.
    pub(crate) fn heatmap(mut self) -> Self {
        self.format = "heatmap";
        self
    }

    /// With the traces that Prometheus keeps as examples of the values.
    pub(crate) fn exemplars(mut self) -> Self {
        self.exemplar = true;
        self
    }
}

impl From<PromQl> for Target {
    fn from(query: PromQl) -> Self {
        Self::Prometheus(query)
    }
}

impl Target {
    /// The datasource's name.
    pub(crate) fn datasource(&self) -> &'static str {
        match self {
            Self::Prometheus(_) => PROMETHEUS,
            Self::Logs(_) => LOKI,
            Self::Traces { .. } | Self::ServiceGraph(_) => TEMPO,
        }
    }

    /// Whether its answer has no history.
    pub(crate) fn is_instant(&self) -> bool {
        matches!(self, Self::Prometheus(query) if query.instant)
    }

    /// Its classic JSON; `letter` tells the queries of a panel apart.
    pub(crate) fn to_json(&self, letter: char) -> Value {
        let mut json = match self {
            Self::Prometheus(query) => json!({
                "expr": query.expr,
                "legendFormat": query.legend,
                "editorMode": "code",
                "format": query.format,
                "instant": query.instant,
                "range": !query.instant,
                "exemplar": query.exemplar,
            }),
            Self::Logs(query) => json!({
                "expr": query,
                "legendFormat": "{{container_name}}",
                "editorMode": "code",
                "queryType": "range",
                "maxLines": 100,
            }),
            Self::Traces { query, table } => json!({
                "query": query,
                "queryType": "traceql",
                "filters": [],
                "limit": 20,
                // A whole batch: its 20 rolls and what they hang under.
                "spss": 25,
                "tableType": table.id(),
            }),
            Self::ServiceGraph(selector) => json!({
                "queryType": "serviceMap",
                "serviceMapQuery": selector,
                "filters": [],
            }),
        };
        json["refId"] = letter.to_string().into();
        json["datasource"] = datasource(self.datasource());
        json
    }
}

impl TableType {
    /// Grafana's word for it.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Spans => "spans",
        }
    }
}
