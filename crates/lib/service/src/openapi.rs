//! `/openapi.json`: what the service's requests and answers look like, for programs.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

use crate::routes::wrong_method;

/// Serves `document`, a JSON text, beside `app`: outside the middleware, like `/healthz`, because
/// reading how to roll is no roll. Every route of `app` that has no answer to a wrong method yet
/// gets the one of [`with_fallbacks`](crate::with_fallbacks).
pub fn with_document(app: Router, document: &'static str) -> Router {
    let json = [(CONTENT_TYPE, "application/json")];
    app.route(
        "/openapi.json",
        get(move || async move { (json, document) }),
    )
    .method_not_allowed_fallback(wrong_method)
}
