//! Who asks, as far as that is known: a browser's session and the name given in it, both cookies.
//!
//! There are no accounts. Cookies are input like any other: a malformed one counts as absent.

use std::convert::Infallible;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use uuid::Uuid;

use crate::error::Error;

const SESSION: &str = "session";
const NAME: &str = "name";

/// Until the browser is closed, for nobody's script. Not `Secure`: this stack has no TLS.
///
/// `SameSite=Lax` is all that the POST routes need against other sites. A form of theirs comes
/// without these cookies: it acts in nobody's session, and signs nobody out, because only a name
/// that came along is forgotten. What is left to it is to give a browser some name, which the page
/// shows at its top and which opens nothing.
const ATTRIBUTES: &str = "; Path=/; HttpOnly; SameSite=Lax";

/// Whoever sent a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Visitor {
    /// None for a client that keeps no cookies, or has none yet.
    pub(crate) session: Option<Uuid>,
    /// None until signed in.
    pub(crate) name: Option<Name>,
}

impl Visitor {
    /// As the request's cookies say. Of several of one name, the first that is well-formed.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self {
            session: values(headers, SESSION).find_map(session),
            name: values(headers, NAME).find_map(name),
        }
    }

    /// Begins a session where there is none, and answers the cookie that it then needs.
    pub(crate) fn begin_session(&mut self) -> Option<HeaderValue> {
        if self.session.is_some() {
            return None;
        }
        let session = *self.session.insert(Uuid::new_v4());
        Some(cookie(SESSION, &session.to_string(), ""))
    }

    /// Gives the visitor that name; the cookie that keeps it.
    pub(crate) fn sign_in(&mut self, name: Name) -> HeaderValue {
        let encoded = utf8_percent_encode(&name.0, NON_ALPHANUMERIC).to_string();
        self.name = Some(name);
        cookie(NAME, &encoded, "")
    }

    /// The cookie that forgets the visitor's name, if there is one.
    pub(crate) fn sign_out(&self) -> Option<HeaderValue> {
        self.name.as_ref()?;
        Some(cookie(NAME, "", "; Max-Age=0"))
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

/// What a visitor wants to be called: 1 to 32 characters, none of them control characters, without
/// space around them.
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

/// The values of the cookies of that name.
fn values<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    let cookies = headers.get_all(COOKIE).iter();
    let cookies = cookies.filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|value| value.split(';'));
    pairs.filter_map(move |pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

/// Only in the form in which it was issued.
fn session(text: &str) -> Option<Uuid> {
    let session = Uuid::try_parse(text).ok()?;
    (session.to_string() == text).then_some(session)
}

fn name(text: &str) -> Option<Name> {
    percent_decode_str(text).decode_utf8().ok()?.parse().ok()
}

/// A `Set-Cookie` header. `value` is ASCII without spaces, commas and semicolons.
fn cookie(name: &str, value: &str, more: &str) -> HeaderValue {
    let text = format!("{name}={value}{ATTRIBUTES}{more}");
    HeaderValue::try_from(text).expect("the value is encoded")
}
