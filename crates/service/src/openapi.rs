//! `/openapi.json`: what the service's requests and answers look like, for programs.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

/// Serves `document`, a JSON text, beside `app`: outside the middleware, like `/healthz`, because
/// reading how to roll is no roll.
pub fn with_document(app: Router, document: &'static str) -> Router {
    let json = [(CONTENT_TYPE, "application/json")];
    app.route(
        "/openapi.json",
        get(move || async move { (json, document) }),
    )
}
