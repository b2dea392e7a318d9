//! The files of the page: their size and headers, and that all come from this service.

use reqwest::StatusCode;
use reqwest::header::IF_NONE_MATCH;

use crate::server::{alone, browse, header, start};

/// The budget in bytes, for everything together and without compression.
const BUDGET: usize = 60_000;

/// Everything that the page loads, found by its attributes.
fn loaded(page: &str) -> Vec<&str> {
    let tags = page
        .split('<')
        .filter(|tag| tag.starts_with("link") || tag.starts_with("script"));
    let paths = tags.filter_map(|tag| {
        let (_, rest) = tag
            .split_once("href=\"")
            .or_else(|| tag.split_once("src=\""))?;
        Some(rest.split_once('"')?.0)
    });
    paths.collect()
}

#[tokio::test]
async fn the_page_is_small_and_all_its_parts_are_served() {
    let url = start(alone()).await;
    let page = browse(&format!("{url}/")).await.text().await.expect("text");
    let mut paths = loaded(&page);
    assert!(paths.len() >= 5, "{paths:?}");
    paths.sort_unstable();
    let mut weight = page.len();
    for path in &paths {
        assert!(path.starts_with("/assets/"), "{path}");
        let asset = browse(&format!("{url}{path}")).await;
        assert_eq!(asset.status(), StatusCode::OK, "{path}");
        let content_type = header(&asset, "content-type");
        let expected = match path.rsplit_once('.').expect("a suffix").1 {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            other => panic!("{other}"),
        };
        assert_eq!(content_type, expected, "{path}");
        weight += asset.text().await.expect("text").len();
    }
    println!("the page weighs {weight} bytes");
    assert!(weight <= BUDGET, "{weight} bytes");
}

#[tokio::test]
async fn an_asset_that_is_known_is_not_sent_again() {
    let url = format!("{}/assets/page.js", start(alone()).await);
    let first = browse(&url).await;
    let etag = header(&first, "etag");
    assert_eq!(header(&first, "cache-control"), "no-cache");
    let (weak, listed) = (format!("W/{etag}"), format!("\"0\", {etag}"));
    for (tags, status) in [
        (&[etag.as_str()][..], StatusCode::NOT_MODIFIED),
        (&[&weak], StatusCode::NOT_MODIFIED),
        (&[&listed], StatusCode::NOT_MODIFIED),
        (&["\"0\"", &etag], StatusCode::NOT_MODIFIED),
        (&["*"], StatusCode::NOT_MODIFIED),
        (&["\"0\""], StatusCode::OK),
        (&["\"0\"", "W/\"1\""], StatusCode::OK),
    ] {
        let again = testkit::client().get(&url);
        let again = tags
            .iter()
            .fold(again, |request, tag| request.header(IF_NONE_MATCH, *tag));
        let answer = again.send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{tags:?}");
    }
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let url = start(alone()).await;
    for path in [
        "/",
        "/assets/page.css",
        "/roll?die=fair",
        "/nowhere",
        "/api/trace/x",
    ] {
        let answer = browse(&format!("{url}{path}")).await;
        let policy = header(&answer, "content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(
            header(&answer, "x-content-type-options"),
            "nosniff",
            "{path}"
        );
        assert_eq!(header(&answer, "referrer-policy"), "no-referrer", "{path}");
    }
}

#[tokio::test]
async fn the_icon_is_where_browsers_look_for_it_without_a_page() {
    let url = start(alone()).await;
    let icon = browse(&format!("{url}/favicon.ico")).await;
    assert_eq!(icon.status(), StatusCode::OK);
    assert_eq!(header(&icon, "content-type"), "image/svg+xml");
    let metrics = testkit::Metrics::scrape(&format!("{url}/metrics")).await;
    assert_eq!(metrics.sum("http_requests_total", &[]), 0.0);
}
