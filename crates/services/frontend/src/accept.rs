//! Content negotiation: which clients get the page, and which get JSON.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// Whether the client prefers `text/html` to `application/json`, as a browser that submits a form
/// does. A tie, `*/*` or a missing header counts as JSON: that is what scripts send.
pub(crate) fn prefers_html(headers: &HeaderMap) -> bool {
    let (html, json) = qualities(headers);
    html > json
}

/// Whether the client prefers `application/json` to `text/html`. A tie, `*/*` or a missing header
/// counts as HTML here.
pub(crate) fn prefers_json(headers: &HeaderMap) -> bool {
    let (html, json) = qualities(headers);
    json > html
}

/// The quality values of HTML and of JSON.
fn qualities(headers: &HeaderMap) -> (f32, f32) {
    let ranges: Vec<_> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(Range::parse)
        .collect();
    (
        quality(&ranges, "text/", "text/html"),
        quality(&ranges, "application/", "application/json"),
    )
}

/// One entry of the header: a media type, perhaps with wildcards, and its quality value.
struct Range {
    media_type: String,
    quality: f32,
}

impl Range {
    fn parse(text: &str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
        Self {
            media_type,
            quality: quality.unwrap_or(1.0),
        }
    }
}

/// The quality value of `media_type`: that of its most specific range, 0.0 if none matches.
fn quality(ranges: &[Range], family: &str, media_type: &str) -> f32 {
    let of = |wanted: &str| ranges.iter().find(|range| range.media_type == wanted);
    of(media_type)
        .or_else(|| of(&format!("{family}*")))
        .or_else(|| of("*/*"))
        .map_or(0.0, |range| range.quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(accept: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        prefers_html(&headers)
    }

    #[test]
    fn browsers_get_the_page() {
        assert!(html(
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
        ));
        assert!(html("text/html"));
        assert!(html("text/*"));
        assert!(html("application/json;q=0.5, Text/HTML;q=0.6"));
    }

    #[test]
    fn json_is_preferred_only_where_the_header_says_so() {
        let json = |accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            prefers_json(&headers)
        };
        assert!(json("application/json"));
        assert!(json("application/json, */*;q=0.5"));
        assert!(json("text/html;q=0.5, application/*"));
        assert!(!prefers_json(&HeaderMap::new()));
        for accept in ["*/*", "text/html", "application/json, text/html", ""] {
            assert!(!json(accept), "{accept:?}");
        }
    }

    #[test]
    fn scripts_get_json() {
        assert!(!prefers_html(&HeaderMap::new()));
        for accept in [
            "*/*",
            "application/json",
            "application/json, text/html",
            "text/html;q=0.5, application/json",
            "text/html;q=0",
            "image/png",
            "",
            ";;,,q=",
        ] {
            assert!(!html(accept), "{accept:?}");
        }
    }
}
