//! A query and its description.

use tracing::{Span, field, info_span};

use crate::options::Place;

/// A query: its text, and its names in metrics and spans.
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    /// The label value in metrics, `list` or `get`.
    pub query_type: &'static str,
    /// `SELECT` or `INSERT`.
    pub operation: &'static str,
    /// The table.
    pub table: &'static str,
    /// The SQL, with `$1` for the first value.
    pub text: &'static str,
    /// Whether it looks for one row, so that no row means `not_found` rather than `success`.
    pub looks_up: bool,
}

impl Statement {
    /// The values of the label `result` that can occur.
    pub(crate) fn results(&self) -> &'static [&'static str] {
        if self.looks_up {
            &["success", "not_found", "error"]
        } else {
            &["success", "error"]
        }
    }

    /// The CLIENT span of one execution: from requesting a connection to the last row.
    /// <https://opentelemetry.io/docs/specs/semconv/database/database-spans/>
    pub(crate) fn span(&self, place: &Place) -> Span {
        let summary = format!("{} {}", self.operation, self.table);
        info_span!(
            "query",
            otel.name = summary,
            otel.kind = "client",
            otel.status_code = field::Empty,
            db.system.name = "postgresql",
            db.namespace = place.name,
            db.collection.name = self.table,
            db.operation.name = self.operation,
            db.query.summary = summary,
            db.query.text = self.text,
            db.response.returned_rows = field::Empty,
            db.response.status_code = field::Empty,
            "error.type" = field::Empty,
            server.address = place.host,
            server.port = i64::from(place.port),
        )
    }
}
