//! Signing in and out: plain forms, answered with the page.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{SET_COOKIE, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use percent_encoding::percent_decode;
use url::form_urlencoded;

use crate::App;
use crate::accept::prefers_html;
use crate::error::Error;
use crate::page::Content;
use crate::schema::SignIn;
use crate::session::{Name, Visitor};
use crate::usage::{self, Action};

/// Longest form in bytes; the longest name, with every byte escaped, has 389.
pub(crate) const MAX_BYTES: usize = 1024;

/// `POST /sign-in`: to the page, with a name from now on.
#[utoipa::path(
    post,
    path = "/sign-in",
    operation_id = "signIn",
    summary = "Give oneself a name",
    description = "There is no password and no account: the name is kept in a cookie, shown on the \
        page and written into usage events. A client without a session gets one, as with the page.",
    request_body(
        content = SignIn,
        content_type = "application/x-www-form-urlencoded",
        description = "At most 1024 bytes.",
        example = json!({"name": "Ada"}),
    ),
    responses(
        (
            status = 303,
            description = "To the page.",
            headers(
                ("Location" = String, description = "The page."),
                ("Set-Cookie" = String, description = "The name, and the session."),
            ),
        ),
        (status = 413, description = "The form has more than 1024 bytes."),
        (status = 422, description = "This is no name, or no such form."),
    ),
)]
pub(crate) async fn sign_in(
    State(app): State<Arc<App>>,
    mut visitor: Visitor,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let error = match name(body) {
        Ok(name) => {
            let cookies = [visitor.begin_session(), Some(visitor.sign_in(name))];
            usage::record(&visitor, Action::SignIn);
            return to_the_page(cookies);
        }
        Err(error) => error,
    };
    let vary = AppendHeaders([(VARY, "accept")]);
    if !prefers_html(&headers) {
        return (vary, error).into_response();
    }
    let page = app.page.render(&Content {
        dice: &app.backend.known_dice(),
        name: visitor.name.as_ref(),
        problem: Some(&error.to_string()),
        ..Content::default()
    });
    (error.status(), vary, page).into_response()
}

/// `POST /sign-out`: to the page, without a name. Whoever has none keeps none.
#[utoipa::path(
    post,
    path = "/sign-out",
    operation_id = "signOut",
    summary = "Give the name back",
    description = "The session goes on without one.",
    responses((
        status = 303,
        description = "To the page.",
        headers(
            ("Location" = String, description = "The page."),
            ("Set-Cookie" = String, description = "Forgets the name."),
        ),
    )),
)]
pub(crate) async fn sign_out(visitor: Visitor) -> Response {
    usage::record(&visitor, Action::SignOut);
    to_the_page([visitor.sign_out()])
}

fn to_the_page(cookies: impl IntoIterator<Item = Option<HeaderValue>>) -> Response {
    let cookies = cookies.into_iter().flatten();
    let headers = AppendHeaders(cookies.map(|cookie| (SET_COOKIE, cookie)));
    (headers, Redirect::to("/")).into_response()
}

/// The one field of the form.
fn name(body: Result<Bytes, BytesRejection>) -> Result<Name, Error> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::FormTooLong,
        _ => Error::NotASignInForm,
    })?;
    let is_text = percent_decode(&body).decode_utf8().is_ok();
    let mut fields = form_urlencoded::parse(&body);
    match (fields.next(), fields.next()) {
        (Some((key, value)), None) if key == "name" && is_text => value.parse(),
        _ => Err(Error::NotASignInForm),
    }
}
