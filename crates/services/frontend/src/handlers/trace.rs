//! `GET /api/trace/{id}`: a trace, for the waterfall.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use service::{Problem, Query};

use crate::accept;
use crate::app::App;
use crate::error::Error;
use crate::schema::AnyTraceId;
use crate::trace::{self, View, Wait};

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TraceQuery {
    /// Seconds to wait for the trace to be complete.
    #[serde(default)]
    #[param(inline, value_type = Option<Wait>, example = 0)]
    wait: Wait,
}

/// A trace, as drawn by the page
///
/// Read from Tempo. This request creates no trace and counts in no metric. A client that prefers
/// `text/html` to JSON gets indented JSON.
#[utoipa::path(
    get,
    path = "/api/trace/{id}",
    params(
        (
            "id" = inline(AnyTraceId), Path,
            description = "Up to 32 hexadecimal digits; leading zeros may be omitted.",
            example = "4bf92f3577b34da6a3ce929d0e0e4736",
        ),
        TraceQuery,
    ),
    responses(
        (status = 200, description = "The spans that have arrived so far.", body = View),
        (status = 404, description = "No span of the trace has arrived, perhaps not yet."),
        (status = 422, description = "The trace id is malformed."),
        (status = 501, description = "This deployment has no trace store."),
        (status = 503, description = "The trace store cannot be reached."),
        (status = 504, description = "The trace store did not answer in time."),
    ),
)]
pub(crate) async fn trace(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
    Query(TraceQuery { wait }): Query<TraceQuery>,
) -> Result<Response, Problem> {
    // The path is not UTF-8 after decoding.
    let Path(id) = id.map_err(|_| Error::NotATraceId)?;
    let view = app.traces.find(&id, wait).await?;
    Ok(trace::answer(&view, accept::prefers_html(&headers)))
}
