//! `GET /`: the page, or what this is.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{SET_COOKIE, VARY};
use axum::response::{AppendHeaders, IntoResponse, Response};
use service::About;

use crate::page::Content;
use crate::session::Visitor;
use crate::usage::{self, Action};
use crate::{App, accept};

/// A client that says it prefers JSON learns what this is, like at every other service. Any other
/// gets the page: its address is the first that people try, with `curl` too.
#[utoipa::path(
    get,
    path = "/",
    operation_id = "page",
    summary = "The page, or what this is",
    description = "A client that prefers JSON to `text/html` learns what this is. Any other gets the \
        page and, if it has no session, one in a cookie.",
    responses((
        status = 200,
        description = "The page; or the service, its version, and its paths.",
        content((String = "text/html"), (About = "application/json")),
        headers(("Set-Cookie" = String, description = "The session, where there was none.")),
    )),
)]
pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    visitor: Visitor,
) -> Response {
    let answer = if accept::prefers_json(&headers) {
        Json(app.about.clone()).into_response()
    } else {
        page(&app, visitor).await
    };
    (AppendHeaders([(VARY, "accept")]), answer).into_response()
}

async fn page(app: &App, mut visitor: Visitor) -> Response {
    let cookie = visitor.begin_session();
    usage::record(&visitor, Action::PageView);
    let page = app.page.render(&Content {
        dice: &app.backend.dice().await.dice,
        name: visitor.name.as_ref(),
        ..Content::default()
    });
    let cookie = AppendHeaders(cookie.map(|cookie| (SET_COOKIE, cookie)));
    (cookie, page).into_response()
}
