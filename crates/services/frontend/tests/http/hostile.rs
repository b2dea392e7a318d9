//! Markup and line breaks in names and numbers.

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::server::{alone, browse, header, stand_in, start};

const MARKUP: &str = "\"'><script>alert(1)</script>{{links}}<img src=x onerror=alert(1)>";

/// In a query string.
const ENCODED: &str = "%22%27%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";

/// Whether the page has no other tags than its own, and no attribute that runs code.
fn assert_harmless(html: &str) {
    for markup in ["<script>", "<img", "onerror=alert(1)>", "\"'>"] {
        assert!(!html.contains(markup), "{markup} in {html}");
    }
}

#[tokio::test]
async fn names_of_dice_are_text() {
    let dice = |RawQuery(query): RawQuery| async move {
        Json(match query {
            None => json!({ "identifiers": [MARKUP, "fair"] }),
            Some(_) => json!({
                "identifier": MARKUP,
                "specification": { "faces": [1, 2], "error_rate": 0.25 },
            }),
        })
    };
    let die_service = stand_in(Router::new().route("/dice", get(dice))).await;
    let url = start(frontend::Config {
        die_service_url: Some(die_service),
        ..alone()
    })
    .await;
    let html = browse(&format!("{url}/")).await.text().await.expect("text");
    assert_harmless(&html);
    let escaped = "&#60;script&#62;alert(1)&#60;/script&#62;{{links}}";
    assert!(
        html.contains(escaped) && html.contains("25 % of rolls fail"),
        "{html}"
    );
}

#[tokio::test]
async fn parameters_are_text() {
    let url = start(alone()).await;
    for path in [
        format!("/roll?die={ENCODED}"),
        format!("/roll?die=fair&{ENCODED}=1"),
        format!("/roll-async?die={ENCODED}&times=2"),
        format!("/roll-async?die=fair&times={ENCODED}"),
        format!("/{ENCODED}"),
        format!("/?die={ENCODED}"),
        format!("/form?die={ENCODED}&x=1"),
    ] {
        let answer = browse(&format!("{url}{path}")).await;
        if header(&answer, "content-type").starts_with("text/html") {
            assert_harmless(&answer.text().await.expect("text"));
        }
    }
}

#[tokio::test]
async fn details_of_the_roller_are_text() {
    let failed = || async {
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            Json(json!({ "detail": MARKUP })),
        )
    };
    let rolled = || async { Json(json!({ "rolls": [MARKUP, 9, -1], "total": MARKUP })) };
    let roller = Router::new()
        .route("/roll", get(failed))
        .route("/roll-async", get(rolled));
    let dice_roller_url = stand_in(roller).await;
    let url = start(frontend::Config {
        dice_roller_url,
        ..alone()
    })
    .await;
    for path in [
        format!("/roll?die={ENCODED}"),
        format!("/roll-async?die={ENCODED}&times=3"),
    ] {
        let html = browse(&format!("{url}{path}"))
            .await
            .text()
            .await
            .expect("text");
        assert_harmless(&html);
        assert!(html.contains("&#60;script&#62;"), "{html}");
    }
}

#[tokio::test]
async fn no_parameter_becomes_a_header() {
    let url = start(alone()).await;
    for path in [
        "/form?die=a%0d%0aset-cookie:%20x=1&async=on&times=%0d%0aset-cookie:%20x=1",
        "/roll?die=a%0d%0aset-cookie:%20x=1",
        "/api/trace/a%0d%0aset-cookie:%20x=1",
    ] {
        let answer = browse(&format!("{url}{path}")).await;
        assert_eq!(header(&answer, "set-cookie"), "", "{path}");
        let location = header(&answer, "location");
        assert!(!location.contains(['\r', '\n']), "{location}");
        assert!(
            location.is_empty() || location.starts_with("/roll"),
            "{location}"
        );
    }
}
