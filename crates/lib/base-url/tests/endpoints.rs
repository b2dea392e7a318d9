//! The URLs of requests, for base URLs with and without a path and a query.

use base_url::{endpoint, endpoint_of};
use url::Url;

const BASES: [(&str, &str); 5] = [
    ("http://proxy", "http://proxy"),
    ("http://proxy/", "http://proxy"),
    ("http://proxy/dice", "http://proxy/dice"),
    ("http://proxy/dice/", "http://proxy/dice"),
    ("http://proxy/dice/?key=value", "http://proxy/dice"),
];

#[test]
fn the_path_of_the_base_is_kept_and_its_query_dropped() {
    for (base, start) in BASES {
        let base: Url = base.parse().expect("a URL");
        let plain = endpoint(&base, "/roll", &[]);
        assert_eq!(plain.as_str(), format!("{start}/roll"));
        let with_query = endpoint(&base, "/roll", &[("die", "a b"), ("times", "2")]);
        assert_eq!(with_query.as_str(), format!("{start}/roll?die=a+b&times=2"));
        let of_segments = endpoint_of(&base, &["runs", "a/b?c", "cancel"]);
        assert_eq!(
            of_segments.as_str(),
            format!("{start}/runs/a%2Fb%3Fc/cancel")
        );
    }
}
