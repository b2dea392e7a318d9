//! The services behind the frontend: below a path, at the wrong URL, and overloaded.

use axum::http::header::RETRY_AFTER;
use axum::http::{StatusCode, Uri};
use axum::routing::get;
use axum::{Json, Router};
use frontend::Config;
use serde_json::{Value, json};
use testkit::{Process, get as fetch};
use url::Url;

use crate::server::{alone, header, stand_in, start};

async fn frontend_of(dice_roller_url: Url) -> String {
    let config = Config {
        dice_roller_url,
        ..alone()
    };
    start(config).await
}

/// A frontend whose dice-roller answers everything with that status and body.
async fn frontend_told(status: u16, body: &'static str) -> String {
    let status = StatusCode::from_u16(status).expect("a status");
    frontend_of(stand_in(Router::new().fallback(move || async move { (status, body) })).await).await
}

#[tokio::test]
async fn a_path_of_the_urls_is_kept() {
    let dice = |uri: Uri| async move {
        Json(match uri.query() {
            None => json!({ "identifiers": ["odd"] }),
            Some(_) => json!({
                "identifier": "odd", "specification": { "faces": [1], "error_rate": 0.0 },
            }),
        })
    };
    let services = Router::new()
        .route("/dice/roller/roll", get(|| async { r#"{"roll":4}"# }))
        .route(
            "/dice/roller/roll-async",
            get(|| async { r#"{"rolls":[4]}"# }),
        )
        .route("/specs/dice", get(dice));
    for (roller, specs) in [("/dice/roller", "/specs"), ("/dice/roller/", "/specs/")] {
        let base = stand_in(services.clone()).await;
        let url = start(Config {
            dice_roller_url: base.join(roller).expect("a URL"),
            die_service_url: Some(base.join(specs).expect("a URL")),
            ..alone()
        })
        .await;
        for path in ["/roll?die=odd", "/roll-async?die=odd&times=1"] {
            let (status, body) = fetch(&format!("{url}{path}")).await;
            assert_eq!(status, 200, "{path}: {body}");
        }
        let (_, body) = fetch(&format!("{url}/api/dice")).await;
        assert_eq!(body["dice"][0]["identifier"], "odd");
    }
}

#[tokio::test]
async fn another_server_at_the_url_is_an_outage_not_a_missing_die() {
    for (status, body) in [
        (404, r#"{"detail":"there is no /roll"}"#),
        // Even for a die of that name.
        (404, r#"{"detail":"Not Found"}"#),
        (404, "404 page not found"),
        (404, "{}"),
        (405, r#"{"detail":"/roll does not accept GET"}"#),
        (401, r#"{"detail":"who are you?"}"#),
        (422, r#"{"detail":[{"msg":"field required"}]}"#),
        (200, "<html>welcome</html>"),
        (200, r#"{"status":"ok"}"#),
        (200, "[]"),
    ] {
        let url = frontend_told(status, body).await;
        for path in ["/roll?die=no", "/roll-async?die=roll&times=2"] {
            let (answered, problem) = fetch(&format!("{url}{path}")).await;
            assert_eq!(answered, 503, "{status} {body}: {problem}");
            assert_eq!(
                problem["detail"],
                "dice-roller is not available; try again later"
            );
        }
    }
    let url = frontend_told(404, r#"{"detail":"there is no die \"no\""}"#).await;
    let (status, problem) = fetch(&format!("{url}/roll?die=no")).await;
    assert_eq!(
        (status, &problem["detail"]),
        (404, &json!("there is no die \"no\""))
    );
}

#[tokio::test]
async fn the_log_says_that_the_url_leads_elsewhere() {
    let elsewhere = start(alone()).await;
    let arguments = [
        "--listen=127.0.0.1:0",
        &format!("--dice-roller-url={elsewhere}/assets/"),
    ];
    let frontend = Process::start(env!("CARGO_BIN_EXE_frontend"), &arguments).await;
    let (status, _) = fetch(&frontend.url("/roll?die=fair")).await;
    assert_eq!(status, 503);
    let (_, lines) = frontend.terminate().await;
    let text = |line: &Value, field: &str| line[field].as_str().unwrap_or_default().to_owned();
    let line = lines
        .iter()
        .find(|line| text(line, "message").contains("check DICE_ROLLER_URL"));
    let line = line.unwrap_or_else(|| panic!("{lines:?}"));
    assert_eq!(line["level"], "ERROR");
    assert!(
        text(line, "cause").starts_with("404 that does not name the die"),
        "{line}"
    );
}

#[tokio::test]
async fn detail_and_retry_after_of_the_roller_are_passed_on() {
    let busy = || async {
        let problem = Json(json!({ "detail": "die-service cannot read its dice now" }));
        (
            StatusCode::SERVICE_UNAVAILABLE,
            [(RETRY_AFTER, "7")],
            problem,
        )
    };
    let url = frontend_of(stand_in(Router::new().fallback(busy)).await).await;
    let answer = testkit::fetch(format!("{url}/roll?die=fair"))
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 503);
    assert_eq!(header(&answer, "retry-after"), "7");
    let problem: Value = answer.json().await.expect("JSON");
    assert_eq!(problem["detail"], "die-service cannot read its dice now");
}

/// dice-roller answers nothing here: a name that reaches it leads to a 503.
#[tokio::test]
async fn a_name_that_is_too_long_ends_at_the_first_hop() {
    let url = start(alone()).await;
    let long = [
        "a".repeat(1000),
        "a".repeat(65),
        "~".repeat(400),
        "%C3%A4".repeat(65),
    ];
    for die in long {
        for path in [
            "/roll?die=",
            "/roll-async?times=2&die=",
            "/form?die=",
            "/form?async=on&times=2&die=",
        ] {
            let (status, problem) = fetch(&format!("{url}{path}{die}")).await;
            assert_eq!(status, 404, "{path}{die}");
            let detail = problem["detail"].as_str().expect("a detail");
            assert!(detail.contains("at most 64 characters"), "{detail}");
        }
    }
    // In the longest encoding, which is even longer at the next hop.
    for die in ["~".repeat(64), "%F0%9F%8E%B2".repeat(64)] {
        let (status, _) = fetch(&format!("{url}/roll?die={die}")).await;
        assert_eq!(status, 503, "{die}");
    }
    let metrics = testkit::Metrics::scrape(&format!("{url}/metrics")).await;
    assert_eq!(metrics.sum("streamlit_button_clicks_total", &[]), 2.0);
}
