//! Queries, each with its datasource.

use serde_json::{Value, json};

use super::sql::Sql;

/// The uids of the provisioned datasources, which equal their types.
pub(crate) const PROMETHEUS: &str = "prometheus";
pub(crate) const LOKI: &str = "loki";
pub(crate) const TEMPO: &str = "tempo";
pub(crate) const JAEGER: &str = "jaeger";

/// The database of usage events, which Grafana reads with a read-only role.
pub(crate) const USAGE_DB: &str = "usage-db";

/// A reference to a datasource.
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
    /// LogQL for one number: the count of matching lines.
    LogCount { legend: &'static str, query: String },
    /// TraceQL, or a trace id, shown as a table of traces or spans.
    Traces { query: String, table: TableType },
    /// The service graph that Tempo writes to Prometheus; the text selects its series.
    ServiceGraph(&'static str),
    /// SQL.
    Sql(Sql),
}

/// What a row of a trace table shows.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TableType {
    /// One trace.
    Traces,
    /// One matching span, with the selected attributes.
    Spans,
}

/// A PromQL query and how to interpret its result.
#[derive(Debug, Clone)]
pub(crate) struct PromQl {
    expr: String,
    legend: &'static str,
    /// Whether it yields one value for the whole time range rather than one for each step.
    instant: bool,
    format: &'static str,
    exemplar: bool,
}

/// A query over time. `legend` names the series and may contain `{{label}}`.
pub(crate) fn query(legend: &'static str, expr: impl Into<String>) -> PromQl {
    PromQl {
        expr: expr.into(),
        legend,
        instant: false,
        format: "time_series",
        exemplar: false,
    }
}

/// An instant query: one value for each series.
pub(crate) fn instant(legend: &'static str, expr: impl Into<String>) -> PromQl {
    PromQl {
        instant: true,
        ..query(legend, expr)
    }
}

impl PromQl {
    /// Returns rows of a table, one for each series, with a column for each label.
    pub(crate) fn table(mut self) -> Self {
        self.format = "table";
        self
    }

    /// Returns the buckets of a histogram, converted from cumulative to individual ones.
    pub(crate) fn heatmap(mut self) -> Self {
        self.format = "heatmap";
        self
    }

    /// Adds exemplars: traces that Prometheus stores as examples of the values.
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

    /// The name of its series, which may contain `{{label}}`.
    pub(crate) fn legend(&self) -> Option<&'static str> {
        match self {
            Self::Prometheus(query) => Some(query.legend),
            Self::LogCount { legend, .. } => Some(legend),
            _ => None,
        }
    }

    /// Whether the result has no history.
    pub(crate) fn is_instant(&self) -> bool {
        match self {
            Self::Prometheus(query) => query.instant,
            Self::Sql(query) => !query.is_over_time(),
            Self::LogCount { .. } => true,
            Self::Logs(_) | Self::Traces { .. } | Self::ServiceGraph(_) => false,
        }
    }

    /// Renders the classic JSON; `letter` identifies the query within its panel.
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
                // A whole batch: its 20 rolls and their parent spans.
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
    /// Grafana's id of the type.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Spans => "spans",
        }
    }
}
