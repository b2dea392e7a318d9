//! The URLs of requests to a service, from its base URL.
//!
//! A path of the base URL is kept, as behind a proxy that serves the service below it: `/roll` at
//! `http://proxy/dice/` is `http://proxy/dice/roll`. A query of the base URL is dropped.

use url::Url;

/// The URL of `path`, which begins with a slash, at the service at `base`, with `query`.
#[must_use]
pub fn endpoint(base: &Url, path: &str, query: &[(&str, &str)]) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url.set_query(None);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}

/// Like [`endpoint`] without a query, with a path of `segments`, which are escaped: an id with a
/// slash stays one segment.
#[must_use]
pub fn endpoint_of(base: &Url, segments: &[&str]) -> Url {
    let mut url = endpoint(base, "/", &[]);
    // Fails only for URLs that cannot have a path, such as data:.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}
