//! The page without JavaScript: a form, and answers as pages.

use axum::extract::RawQuery;
use axum::http::Uri;
use axum::routing::get;
use axum::{Json, Router};
use reqwest::StatusCode;
use serde_json::json;

use crate::server::{alone, browse, header, stand_in, start};

async fn frontend() -> String {
    let roller = Router::new()
        .route("/roll", get(|| async { r#"{"roll":4}"# }))
        .route(
            "/roll-async",
            get(|| async { r#"{"total":9,"rolls":[4,5],"count":2}"# }),
        );
    let dice_roller_url = stand_in(roller).await;
    start(frontend::Config {
        dice_roller_url,
        ..alone()
    })
    .await
}

#[tokio::test]
async fn the_form_leads_to_the_roll_that_was_chosen() {
    let url = frontend().await;
    for (form, roll) in [
        ("die=fair&times=5", "/roll?die=fair"),
        ("die=fair&async=on&times=5", "/roll-async?die=fair&times=5"),
        ("die=a%26b%3Dc&times=", "/roll?die=a%26b%3Dc"),
    ] {
        let answer = browse(&format!("{url}/form?{form}")).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(header(&answer, "location"), roll);
    }
    let wrong = browse(&format!("{url}/form?times=5")).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_browser_gets_the_page_and_a_script_gets_json() {
    let url = format!("{}/roll-async?die=risky&times=2", frontend().await);
    let page = browse(&url).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
    assert_eq!(header(&page, "vary"), "accept");
    let html = page.text().await.expect("text");
    assert!(html.contains("risky: 4 + 5 = 9"), "{html}");
    assert!(html.contains("href=\"#face-5\""), "{html}");
    // The selection is kept.
    let checked = |tag: &str| tag.contains("checked");
    let tag = |start: &str| {
        html.split('<')
            .find(|tag| tag.contains(start))
            .expect("it is there")
    };
    assert!(checked(tag("value=\"risky\"")) && !checked(tag("value=\"fair\"")));
    assert!(checked(tag("id=\"async\"")) && tag("id=\"times\"").contains("value=\"2\""));

    let json = testkit::fetch(&url).await.expect("an answer");
    assert_eq!(header(&json, "content-type"), "application/json");
    assert_eq!(header(&json, "vary"), "accept");
    let body: serde_json::Value = json.json().await.expect("JSON");
    assert_eq!(body["rolls"], json!([4, 5]));
    assert!(
        body.as_object()
            .expect("an object")
            .contains_key("trace_id")
    );
}

#[tokio::test]
async fn error_pages_say_what_to_do() {
    let url = start(alone()).await;
    for (path, status, words) in [
        (
            "/roll?die=fair",
            StatusCode::SERVICE_UNAVAILABLE,
            "A service is down",
        ),
        (
            "/roll-async?die=fair&times=21",
            StatusCode::UNPROCESSABLE_ENTITY,
            "a number of rolls from 1 to 20",
        ),
    ] {
        let page = browse(&format!("{url}{path}")).await;
        assert_eq!(page.status(), status);
        let is_away = status == StatusCode::SERVICE_UNAVAILABLE;
        let retry_after = if is_away { "1" } else { "" };
        assert_eq!(header(&page, "retry-after"), retry_after);
        let html = page.text().await.expect("text");
        let summary = html.split_once("id=\"summary\"").expect("a summary").1;
        let (summary, _) = summary.split_once("</p>").expect("an end");
        assert!(summary.contains(words), "{summary}");
    }
}

#[tokio::test]
async fn forms_and_assets_are_in_no_metric() {
    let url = frontend().await;
    for path in [
        "/form?die=fair",
        "/assets/page.js",
        "/api/trace/x",
        "/openapi.json",
    ] {
        browse(&format!("{url}{path}")).await;
    }
    browse(&format!("{url}/roll?die=fair")).await;
    let metrics = testkit::Metrics::scrape(&format!("{url}/metrics")).await;
    assert_eq!(metrics.sum("http_requests_total", &[]), 1.0);
    assert_eq!(
        metrics.sum("http_requests_total", &["handler=\"/roll\""]),
        1.0
    );
}

#[tokio::test]
async fn the_page_introduces_the_dice_and_the_api_sorts_them() {
    let sorted = ["anvil", "extreme", "fair", "risky", "zinc"];
    let dice = move |RawQuery(query): RawQuery| async move {
        let name = query.unwrap_or_default().replace("identifier=", "");
        Json(match name.as_str() {
            "" => json!({ "identifiers": sorted }),
            name => json!({
                "identifier": name, "specification": { "faces": [1], "error_rate": 0.0 },
            }),
        })
    };
    let url = start(frontend::Config {
        die_service_url: Some(stand_in(Router::new().route("/dice", get(dice))).await),
        ..alone()
    })
    .await;
    let html = browse(&format!("{url}/")).await.text().await.expect("text");
    let inputs = html.split("name=\"die\" value=\"").skip(1);
    let names: Vec<_> = inputs.filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(names, ["fair", "risky", "extreme", "anvil", "zinc"]);
    let (_, body) = testkit::get(&format!("{url}/api/dice")).await;
    let listed = body["dice"].as_array().expect("dice").iter();
    let listed: Vec<_> = listed.map(|die| die["identifier"].as_str()).collect();
    assert_eq!(listed, sorted.map(Some));
    assert_eq!(body["omitted"], 0);
}

#[tokio::test]
async fn dice_beyond_those_shown_are_counted() {
    for (count, shown) in [(24, 24), (25, 24), (1000, 24)] {
        let dice = move |uri: Uri| async move {
            let name = uri
                .query()
                .and_then(|query| query.strip_prefix("identifier="));
            Json(match name {
                None => {
                    let names = (0..count).map(|number| format!("die-{number}"));
                    json!({ "identifiers": names.collect::<Vec<_>>() })
                }
                Some(name) => json!({
                    "identifier": name, "specification": { "faces": [1], "error_rate": 0.0 },
                }),
            })
        };
        let url = start(frontend::Config {
            die_service_url: Some(stand_in(Router::new().route("/dice", get(dice))).await),
            ..alone()
        })
        .await;
        let (_, body) = testkit::get(&format!("{url}/api/dice")).await;
        assert_eq!(body["dice"].as_array().map(Vec::len), Some(shown));
        assert_eq!(body["omitted"], count - shown);
    }
}
