//! Passwords that command lines and variables hold, kept out of what is written.

use clap::error::{ContextKind, ContextValue};

use crate::client::SECRET_PARAMETERS;

/// The error of a command line, which repeats the value that was wrong, without a password in it.
#[must_use]
pub fn without_secrets(mut error: clap::Error) -> clap::Error {
    for kind in [ContextKind::InvalidValue, ContextKind::InvalidArg] {
        if let Some(ContextValue::String(text)) = error.get(kind)
            && let Some(shown) = without_secret(text)
        {
            error.insert(kind, ContextValue::String(shown));
        }
    }
    error
}

/// What can be shown of a text that may hold a secret: the scheme of a URL. The text may be broken
/// in any way, so where the secret begins and ends is not known.
fn without_secret(text: &str) -> Option<String> {
    let has_parameter = SECRET_PARAMETERS.iter().any(|name| text.contains(name));
    let holds_secret = text.contains('@') || text.contains("password") || has_parameter;
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    let is_plain = |scheme: &str| scheme.chars().all(|c| c.is_ascii_alphanumeric());
    holds_secret.then(|| match scheme.filter(|scheme| is_plain(scheme)) {
        Some(scheme) => format!("{scheme}://REDACTED"),
        None => "REDACTED".to_owned(),
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
            ("http://host/?sig=secret", "http://REDACTED"),
        ] {
            assert_eq!(without_secret(text).as_deref(), Some(shown), "{text}");
        }
        for plain in ["https://host/path?die=fair", "12", ""] {
            assert_eq!(without_secret(plain), None, "{plain}");
        }
    }
}
