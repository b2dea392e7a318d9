//! Queries, each with the datasource it is for.

use serde_json::{Value, json};

use super::sql::Sql;

/// The uids of the provisioned datasources, which are their types, too.
pub(crate) const PROMETHEUS: &str = "prometheus";
pub(crate) const LOKI: &str = "loki";
pub(crate) const TEMPO: &str = "tempo";
pub(crate) const JAEGER: &str = "jaeger";

/// The database of usage events, which is read by a role that can do nothing else.
pub(crate) const USAGE_DB: &str = "usage-db";

/// A reference to one of them.
pub(crate) fn datasource(name: &str) -> Value {
    let kind = match name {
        USAGE_DB => "grafana-postgresql-datasource",
        same => same,
    };
    json!({ "type": kind, "uid": name })
}

/// One query of a panel.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// PromQL.
    Prometheus(PromQl),
    /// LogQL for log lines.
    Logs(String),
    /// LogQL for one number: how many lines there are.
    LogCount { legend: &'static str, query: String },
    /// TraceQL, or a trace id, shown as a table of traces or spans.
    Traces { query: String, table: TableType },
    /// The graph of services that Tempo writes to Prometheus; the text selects its series.
    ServiceGraph(&'static str),
    /// SQL.
    Sql(Sql),
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

    fn to_json(&self) -> Value {
        json!({
            "expr": self.expr,
            "legendFormat": self.legend,
            "editorMode": "code",
            "format": self.format,
            "instant": self.instant,
            "range": !self.instant,
            "exemplar": self.exemplar,
        })
    }
}

impl From<Sql> for Target {
    fn from(query: Sql) -> Self {
        Self::Sql(query)
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
            Self::Logs(_) | Self::LogCount { .. } => LOKI,
            Self::Traces { .. } | Self::ServiceGraph(_) => TEMPO,
            Self::Sql(_) => USAGE_DB,
        }
    }

    /// The name of its series, which may hold `{{label}}`.
    pub(crate) fn legend(&self) -> Option<&'static str> {
        match self {
            Self::Prometheus(query) => Some(query.legend),
            Self::LogCount { legend, .. } => Some(legend),
            _ => None,
        }
    }

    /// Whether its answer has no history.
    pub(crate) fn is_instant(&self) -> bool {
        match self {
            Self::Prometheus(query) => query.instant,
            Self::Sql(query) => !query.is_over_time(),
            Self::LogCount { .. } => true,
            Self::Logs(_) | Self::Traces { .. } | Self::ServiceGraph(_) => false,
        }
    }

    /// Its classic JSON; `letter` tells the queries of a panel apart.
    pub(crate) fn to_json(&self, letter: char) -> Value {
        let mut json = match self {
            Self::Prometheus(query) => query.to_json(),
            Self::Sql(query) => query.to_json(),
            Self::Logs(query) => json!({
                "expr": query,
                "legendFormat": "{{container_name}}",
                "editorMode": "code",
                "queryType": "range",
                "maxLines": 100,
            }),
            Self::LogCount { legend, query } => json!({
                "expr": query,
                "legendFormat": legend,
                "editorMode": "code",
                "queryType": "instant",
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
