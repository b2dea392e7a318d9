//! The visitor: a browser's session and the name given in it, both in cookies.
//!
//! There are no accounts. Cookies are input like any other: a malformed one counts as absent.

use std::convert::Infallible;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum_extra::extract::cookie::{Cookie, SameSite};
use uuid::Uuid;

use crate::error::Error;

const SESSION: &str = "session";
const NAME: &str = "name";

/// The maximum size of the sign-in form in bytes; with the longest name, every byte escaped, it has
/// 389.
pub(crate) const MAX_FORM_BYTES: usize = 1024;

/// The client that sent a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Visitor {
    /// None for a client without cookies.
    pub(crate) session: Option<Uuid>,
    /// None until signed in.
    pub(crate) name: Option<Name>,
}

impl Visitor {
    /// Reads the request's cookies. If a name occurs more than once, the first valid value counts.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self {
            session: values(headers, SESSION).find_map(|value| session(&value)),
            name: values(headers, NAME).find_map(|value| value.parse().ok()),
        }
    }

    /// Begins a session if there is none, and returns its cookie.
    pub(crate) fn begin_session(&mut self) -> Option<HeaderValue> {
        if self.session.is_some() {
            return None;
        }
        let session = *self.session.insert(Uuid::new_v4());
        Some(header(&cookie(SESSION, session.to_string())))
    }

    /// Sets the visitor's name and returns its cookie.
    pub(crate) fn sign_in(&mut self, name: Name) -> HeaderValue {
        let name = self.name.insert(name);
        header(&cookie(NAME, name.0.clone()))
    }

    /// The cookie that removes the visitor's name, if there is one.
    pub(crate) fn sign_out(&self) -> Option<HeaderValue> {
        self.name.as_ref()?;
        let mut forgotten = cookie(NAME, String::new());
        forgotten.make_removal();
        Some(header(&forgotten))
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

/// A visitor's name: 1 to 32 characters, no control characters, and no spaces around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(String);

impl Name {
    pub(crate) const MAX_CHARS: usize = 32;

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let name = text.trim();
        let allowed = 1..=Self::MAX_CHARS;
        if allowed.contains(&name.chars().count()) && !name.contains(char::is_control) {
            return Ok(Self(name.to_owned()));
        }
        Err(Error::NotAName)
    }
}

/// The decoded values of the cookies of that name.
fn values<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = String> + 'a {
    let lines = headers.get_all(COOKIE).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let cookies = lines.flat_map(Cookie::split_parse_encoded).flatten();
    cookies.filter_map(move |cookie| (cookie.name() == name).then(|| cookie.value().to_owned()))
}

/// Accepts a UUID only in the format in which it was issued.
fn session(text: &str) -> Option<Uuid> {
    let session = Uuid::try_parse(text).ok()?;
    (session.to_string() == text).then_some(session)
}

/// A cookie that lasts until the browser is closed and that scripts cannot read. It is not
/// `Secure`: this stack has no TLS.
///
/// `SameSite=Lax` is sufficient protection for the POST routes. A form of another site is sent
/// without these cookies: it cannot act in the visitor's session, nor sign the visitor out, because
/// only a name in the request is removed. It can set a name in a browser, which the page shows at
/// its top and which gives access to nothing.
fn cookie(name: &'static str, value: String) -> Cookie<'static> {
    let cookie = Cookie::build((name, value)).path("/").http_only(true);
    cookie.same_site(SameSite::Lax).build()
}

/// A `Set-Cookie` header.
fn header(cookie: &Cookie<'_>) -> HeaderValue {
    let text = cookie.encoded().to_string();
    HeaderValue::try_from(text).expect("names and values are encoded")
}
