//! `POST /sign-in` and `POST /sign-out`: plain forms, answered with a redirect to the page.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use percent_encoding::percent_decode;
use url::form_urlencoded;

use crate::answer::Answer;
use crate::error::Error;
use crate::schema::SignIn;
use crate::session::{Name, Visitor};
use crate::usage::{self, Action};

/// Sets the name and redirects to the page.
#[utoipa::path(
    post,
    path = "/sign-in",
    operation_id = "signIn",
    summary = "Set the visitor's name",
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
            description = "Redirect to the page.",
            headers(
                ("Location" = String, description = "The page."),
                ("Set-Cookie" = String, description = "The name, and the session."),
            ),
        ),
        (status = 413, description = "The form has more than 1024 bytes."),
        (status = 422, description = "The name or the form is invalid."),
    ),
)]
pub(crate) async fn sign_in(
    mut visitor: Visitor,
    body: Result<Bytes, BytesRejection>,
) -> Result<Answer, Error> {
    let name = name(body)?;
    let session = visitor.begin_session();
    let cookies = session.into_iter().chain([visitor.sign_in(name)]).collect();
    usage::record(&visitor, Action::SignIn);
    Ok(Answer::ToThePage(cookies))
}

/// Removes the name, if any, and redirects to the page.
#[utoipa::path(
    post,
    path = "/sign-out",
    operation_id = "signOut",
    summary = "Remove the visitor's name",
    description = "The session continues without a name.",
    responses((
        status = 303,
        description = "Redirect to the page.",
        headers(
            ("Location" = String, description = "The page."),
            ("Set-Cookie" = String, description = "Deletes the cookie that holds the name."),
        ),
    )),
)]
pub(crate) async fn sign_out(visitor: Visitor) -> Answer {
    usage::record(&visitor, Action::SignOut);
    Answer::ToThePage(visitor.sign_out().into_iter().collect())
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
