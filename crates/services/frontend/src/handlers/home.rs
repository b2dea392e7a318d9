//! `GET /`: the page, or a description of this service.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use service::About;

use crate::accept;
use crate::answer::Answer;
use crate::app::App;
use crate::session::Visitor;
use crate::usage::{self, Action};

/// A client that prefers JSON gets the description of this service, as from every other service.
/// Any other client gets the page, because people try this address first, with `curl` too.
#[utoipa::path(
    get,
    path = "/",
    operation_id = "page",
    summary = "The page, or a description of the service",
    description = "A client that prefers JSON to `text/html` gets a description of the service. Any other gets the \
        page and, if it has no session, one in a cookie.",
    responses((
        status = 200,
        description = "The page, or the service, its version and its paths.",
        content((String = "text/html"), (About = "application/json")),
        headers(("Set-Cookie" = String, description = "The session, if the client had none.")),
    )),
)]
pub(crate) async fn home(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    mut visitor: Visitor,
) -> Answer {
    if accept::prefers_json(&headers) {
        return Answer::About(app.about.clone());
    }
    let cookie = visitor.begin_session();
    usage::record(&visitor, Action::PageView);
    Answer::Page {
        dice: app.backend.dice().await.dice,
        visitor,
        cookie,
    }
}
