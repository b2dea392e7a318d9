//! Style sheets, scripts and the icon: the files of `assets/`, compiled in and served unchanged.
//!
//! They bypass the middleware, like `/healthz`, so that a page view is one request in the metrics
//! and one trace, and both describe rolls and not style sheets.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// A file and its path.
struct Asset {
    path: &'static str,
    content_type: &'static str,
    body: &'static str,
}

macro_rules! asset {
    ($name:literal, $content_type:literal) => {
        Asset {
            path: concat!("/assets/", $name),
            content_type: $content_type,
            body: include_str!(concat!("../assets/", $name)),
        }
    };
}

const ICON: Asset = asset!("favicon.svg", "image/svg+xml");

const ASSETS: [Asset; 10] = [
    ICON,
    asset!("page.css", "text/css; charset=utf-8"),
    asset!("waterfall.css", "text/css; charset=utf-8"),
    asset!("page.js", "text/javascript; charset=utf-8"),
    asset!("dice.js", "text/javascript; charset=utf-8"),
    asset!("form.js", "text/javascript; charset=utf-8"),
    asset!("history.js", "text/javascript; charset=utf-8"),
    asset!("story.js", "text/javascript; charset=utf-8"),
    asset!("trace.js", "text/javascript; charset=utf-8"),
    asset!("waterfall.js", "text/javascript; charset=utf-8"),
];

/// A route for each file.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let paths = ASSETS.iter().map(|asset| (asset.path, asset));
    // Browsers request this path when an answer is shown without the page.
    let paths = paths.chain([("/favicon.ico", &ICON)]);
    paths.fold(Router::new(), |router, (path, asset)| {
        let etag = etag(asset.body);
        router.route(
            path,
            get(move |headers: HeaderMap| async move { serve(asset, &etag, &headers) }),
        )
    })
}

/// `no-cache` lets browsers keep the file but makes them revalidate it, because a new version has
/// the same path.
fn serve(asset: &Asset, etag: &HeaderValue, asked: &HeaderMap) -> Response {
    let caching = [
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (ETAG, etag.clone()),
    ];
    if knows(asked, etag) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(CONTENT_TYPE, asset.content_type)], asset.body).into_response()
}

/// Whether the client has that version: `If-None-Match` is `*` or a list of tags, which may be
/// weak.
fn knows(asked: &HeaderMap, etag: &HeaderValue) -> bool {
    let lines = asked.get_all(IF_NONE_MATCH).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == etag)
}

fn etag(body: &str) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    HeaderValue::try_from(format!("\"{:016x}\"", hasher.finish())).expect("hex digits are ASCII")
}
