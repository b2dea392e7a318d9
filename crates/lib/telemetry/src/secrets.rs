//! Removes passwords and signatures from URLs, command lines and variables before they are shown.

use std::borrow::Cow;
use std::ffi::OsString;

use clap::error::ContextValue;
use clap::{Command, FromArgMatches};
use percent_encoding::percent_decode_str;
use url::Url;

/// The replacement of a secret.
const REDACTED: &str = "REDACTED";

/// Parameters whose value is a secret, by the conventions of `url.full` and `url.query`:
/// <https://opentelemetry.io/docs/specs/semconv/registry/attributes/url/>
const SECRET_PARAMETERS: [&str; 4] = ["AWSAccessKeyId", "Signature", "sig", "X-Goog-Signature"];

/// A configured URL for a message: without credentials and without its query, which may contain
/// some.
#[must_use]
pub fn shown(url: &Url) -> String {
    let mut url = redacted(url).into_owned();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

/// A URL as the conventions require it in `url.full`: without user, password and signatures.
#[must_use]
pub fn redacted(url: &Url) -> Cow<'_, Url> {
    let mut shown = Cow::Borrowed(url);
    if !url.username().is_empty() || url.password().is_some() {
        let shown = shown.to_mut();
        // Fails only for a URL without a host, which has no credentials.
        let _ = shown.set_username(REDACTED);
        let _ = shown.set_password(Some(REDACTED));
    }
    if let Some(Cow::Owned(query)) = url.query().map(redacted_query) {
        shown.to_mut().set_query(Some(&query));
    }
    shown
}

/// A query string without the values of [`SECRET_PARAMETERS`]; all other bytes are unchanged.
pub(crate) fn redacted_query(query: &str) -> Cow<'_, str> {
    if !query.split('&').any(|pair| secret_name(pair).is_some()) {
        return Cow::Borrowed(query);
    }
    let pairs = query.split('&').map(|pair| match secret_name(pair) {
        Some(name) => Cow::Owned(format!("{name}={REDACTED}")),
        None => Cow::Borrowed(pair),
    });
    Cow::Owned(pairs.collect::<Vec<_>>().join("&"))
}

/// The name in `name=value` as it was sent, if the value is a secret.
fn secret_name(pair: &str) -> Option<&str> {
    let (name, _) = pair.split_once('=')?;
    // Most names have no escapes, and a search for one is cheaper than decoding.
    let decoded = match name.contains('%') {
        true => percent_decode_str(name).decode_utf8().ok()?,
        false => Cow::Borrowed(name),
    };
    SECRET_PARAMETERS.contains(&&*decoded).then_some(name)
}

/// Parses `arguments`, the first being the program's name.
///
/// # Errors
/// As clap's, [`without_secrets`].
pub fn parse<T: FromArgMatches>(
    mut command: Command,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<T, clap::Error> {
    let matches = command
        .try_get_matches_from_mut(arguments)
        .map_err(without_secrets)?;
    T::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// An error of a command line without passwords. clap repeats invalid values, arguments and
/// subcommands, and makes suggestions; each of them may contain one.
#[must_use]
pub fn without_secrets(mut error: clap::Error) -> clap::Error {
    let context = error.context();
    let redacted: Vec<_> = context
        .filter_map(|(kind, value)| Some((kind, without_secret_in(value)?)))
        .collect();
    for (kind, value) in redacted {
        match value {
            ContextValue::None => error.remove(kind),
            value => error.insert(kind, value),
        };
    }
    error
}

/// `value` with what can be shown of it; none when it holds no secret. A suggestion is left out.
fn without_secret_in(value: &ContextValue) -> Option<ContextValue> {
    match value {
        ContextValue::String(text) => without_secret(text).map(ContextValue::String),
        ContextValue::Strings(texts) => {
            let is_secret = texts.iter().any(|text| without_secret(text).is_some());
            let shown = texts.iter().map(|text| text_without_secret(text));
            is_secret.then(|| ContextValue::Strings(shown.collect()))
        }
        ContextValue::StyledStr(text) => {
            without_secret(&text.to_string()).map(|_| ContextValue::None)
        }
        ContextValue::StyledStrs(texts) => {
            let mut texts = texts.iter();
            let is_secret = texts.any(|text| without_secret(&text.to_string()).is_some());
            is_secret.then_some(ContextValue::None)
        }
        _ => None,
    }
}

/// The part of a text from the user that can be shown: all of it, or only its URL scheme if it may
/// contain a secret.
#[must_use]
pub fn text_without_secret(text: &str) -> String {
    without_secret(text).unwrap_or_else(|| text.to_owned())
}

/// The part of a text that can be shown if it may contain a secret: its URL scheme. The text may be
/// malformed, so it is unknown where the secret begins and ends.
fn without_secret(text: &str) -> Option<String> {
    let has_parameter = SECRET_PARAMETERS.iter().any(|name| text.contains(name));
    let names_password = text.to_ascii_lowercase().contains("password");
    let holds_secret = text.contains('@') || names_password || has_parameter;
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    let is_plain = |scheme: &str| scheme.chars().all(|c| c.is_ascii_alphanumeric());
    holds_secret.then(|| match scheme.filter(|scheme| is_plain(scheme)) {
        Some(scheme) => format!("{scheme}://{REDACTED}"),
        None => REDACTED.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_a_secret_is_its_scheme() {
        for (text, shown) in [
            ("https://me:secret@host/", "https://REDACTED"),
            ("postgres://me:s?cr@t@host", "postgres://REDACTED"),
            (
                "postgres://host/name?password=secret",
                "postgres://REDACTED",
            ),
            ("me:secret@host", "REDACTED"),
            ("me:secret://@host", "REDACTED"),
            ("PGPASSWORD=secret", "REDACTED"),
            ("http://host/?sig=secret", "http://REDACTED"),
        ] {
            assert_eq!(without_secret(text).as_deref(), Some(shown), "{text}");
        }
        for plain in ["https://host/path?die=fair", "12", ""] {
            assert_eq!(without_secret(plain), None, "{plain}");
        }
    }

    #[test]
    fn a_query_keeps_every_byte_that_is_no_secret() {
        for (query, shown) in [
            (
                "die=f%61ir+x&sig=a%2Fb&&=&x",
                "die=f%61ir+x&sig=REDACTED&&=&x",
            ),
            (
                "AWSAccessKeyId=AKIA&Signature=s=&X-Goog-Signature=1",
                "AWSAccessKeyId=REDACTED&Signature=REDACTED&X-Goog-Signature=REDACTED",
            ),
            (
                "%73ig=secret&a=~!$'()*,;:@/?",
                "%73ig=REDACTED&a=~!$'()*,;:@/?",
            ),
            ("sig=", "sig=REDACTED"),
            ("sig&SIG=1&signature=%zz", "sig&SIG=1&signature=%zz"),
        ] {
            assert_eq!(redacted_query(query), shown);
            let url = Url::parse(&format!("http://host/p?{query}")).expect("a URL");
            let plain = Url::parse(&format!("http://host/p?{shown}")).expect("a URL");
            assert_eq!(*redacted(&url), plain);
        }
    }
}
