//! The cookies of one session, as far as our frontend uses them: kept until the server deletes
//! them; other attributes are ignored.

use std::collections::BTreeMap;

use reqwest::RequestBuilder;
use reqwest::header::{COOKIE, HeaderMap, SET_COOKIE};

/// Values by name.
#[derive(Debug, Default)]
pub(crate) struct Cookies(BTreeMap<String, String>);

impl Cookies {
    /// Adds the cookies to a request.
    pub(crate) fn accompany(&self, request: RequestBuilder) -> RequestBuilder {
        if self.0.is_empty() {
            return request;
        }
        let pairs = self.0.iter().map(|(name, value)| format!("{name}={value}"));
        let pairs: Vec<String> = pairs.collect();
        request.header(COOKIE, pairs.join("; "))
    }

    /// Applies the `Set-Cookie` headers of an answer.
    pub(crate) fn follow(&mut self, headers: &HeaderMap) {
        let cookies = headers.get_all(SET_COOKIE).iter();
        for cookie in cookies.filter_map(|cookie| cookie.to_str().ok()) {
            let mut parts = cookie.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            if parts.any(|part| part.eq_ignore_ascii_case("max-age=0")) {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
