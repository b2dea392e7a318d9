//! Different servers at DIE_SERVICE_URL, and how dice-roller handles their answers.

use axum::Router;
use axum::http::StatusCode;
use mini_tempo::Status;
use serde_json::Value;
use testkit::{Process, eventually, get};
use tokio::net::TcpListener;

use crate::support::{System, collector, service};

/// A dice-roller whose die-service is `app`.
async fn roller(app: Router) -> (Process, mini_tempo::Store) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(axum::serve(listener, app).into_future());
    let url = format!("--die-service-url=http://user:secret@{address}/prefix/?token=secret");
    let (store, otlp) = collector().await;
    (service("dice-roller", &otlp, &[&url]).await, store)
}

fn answering(status: u16, body: &'static str) -> Router {
    let status = StatusCode::from_u16(status).expect("a status");
    Router::new().fallback(move || async move { (status, body) })
}

async fn roll(roller: &Process) -> (u16, Value) {
    get(&roller.url("/roll?die=fair")).await
}

async fn lookups(roller: &Process, outcome: &str) -> f64 {
    let status = format!("status=\"{outcome}\"");
    roller
        .metrics()
        .await
        .sum("die_service_requests_total", &[&status])
}

#[tokio::test]
async fn a_path_is_kept() {
    let die = r#"{"identifier":"fair","specification":{"faces":[4],"error_rate":0.0}}"#;
    let app = Router::new().route(
        "/prefix/dice",
        axum::routing::get(move || async move { die }),
    );
    let (roller, _store) = roller(app).await;
    assert_eq!(roll(&roller).await.1["roll"], 4);
}

#[tokio::test]
async fn only_a_404_of_die_service_itself_means_an_unknown_die() {
    for body in ["not found", r#"{"detail":"there is no /dice"}"#, ""] {
        let (roller, _store) = roller(answering(404, body)).await;
        let (status, answer) = roll(&roller).await;
        assert_eq!(status, 503, "{answer}");
        let told = eventually("a line about it", || async {
            let lines = roller.lines();
            lines.into_iter().find(|line| line["level"] == "ERROR")
        })
        .await;
        let message = told["message"].as_str().expect("text");
        assert!(message.contains("check DIE_SERVICE_URL"), "{told}");
        assert_eq!(lookups(&roller, "error").await, 1.0);
        assert_eq!(lookups(&roller, "not_found").await, 0.0);
    }
    let body = r#"{"detail":"there is no die \"fair\"; GET /dice lists those there are"}"#;
    let (roller, _store) = roller(answering(404, body)).await;
    assert_eq!(roll(&roller).await.0, 404);
    assert_eq!(lookups(&roller, "not_found").await, 1.0);
}

#[tokio::test]
async fn an_unavailable_database_is_distinguished_from_an_unavailable_service() {
    let body = r#"{"detail":"the database with the dice does not answer; try again later"}"#;
    let (roller, _store) = roller(answering(503, body)).await;
    let (status, answer) = roll(&roller).await;
    let words = "die-service's database is not available; try again later";
    assert_eq!((status, answer["detail"].as_str()), (503, Some(words)));
    let told = roller
        .line_with("Die service's database is not available")
        .await;
    assert_eq!(
        (&told["level"], &told["backend_status"]),
        (&"ERROR".into(), &503.into())
    );
    let away = roller.lines_with("Die service is not available");
    assert!(away.is_empty(), "{away:?}");
}

#[tokio::test]
async fn the_detail_of_a_failure_in_die_service_is_passed_on() {
    for (status, said, passed_on) in [
        (
            503,
            "too busy: 256 requests",
            "die-service answered 503: too busy: 256 requests",
        ),
        (
            500,
            "the die is\\nbroken",
            "die-service answered 500: the die isbroken",
        ),
    ] {
        let body = format!("{{\"detail\":\"{said}\"}}").leak();
        let (roller, _store) = roller(answering(status, body)).await;
        let (answered, answer) = roll(&roller).await;
        assert_eq!(
            (answered, answer["detail"].as_str()),
            (503, Some(passed_on))
        );
        let told = roller.line_with("Die service failed").await;
        assert_eq!(told["backend_status"], status);
        assert!(
            passed_on.ends_with(told["cause"].as_str().expect("text")),
            "{told}"
        );
        assert_eq!(lookups(&roller, "error").await, 1.0);
    }
    let long = format!("{{\"detail\":\"{}\"}}", "x".repeat(100_000)).leak();
    let (roller, _store) = roller(answering(503, long)).await;
    let (_, answer) = roll(&roller).await;
    let detail = answer["detail"].as_str().expect("text");
    assert!(
        (500..=1024).contains(&detail.len()),
        "{} bytes",
        detail.len()
    );
}

#[tokio::test]
async fn a_password_in_the_url_appears_in_no_line_and_no_span() {
    let (roller, store) = roller(answering(500, "broken")).await;
    assert_eq!(roll(&roller).await.0, 503);
    let (_, lines) = roller.terminate().await;
    let told = serde_json::to_string(&lines).expect("JSON");
    assert!(told.contains("REDACTED:REDACTED@127.0.0.1"), "{told}");
    assert!(!told.contains("secret"), "{told}");
    let traces = store.traces();
    let spans = traces.iter().flat_map(|trace| trace.spans());
    let urls = spans.filter_map(|span| match span.attribute("url.full") {
        Some(mini_tempo::Value::Text(url)) => Some(url.to_owned()),
        _ => None,
    });
    let urls: Vec<String> = urls.collect();
    assert_eq!(urls.len(), 1);
    let shown = "http://REDACTED:REDACTED@127.0.0.1:";
    assert!(
        urls[0].starts_with(shown) && !urls[0].contains("user"),
        "{urls:?}"
    );
}

#[tokio::test]
async fn the_chain_of_failed_spans_has_no_gap() {
    let (roller, store) = roller(answering(500, "broken")).await;
    assert_eq!(roll(&roller).await.0, 503);
    roller.terminate().await;
    let traces = store.traces();
    let spans = traces[0].spans();
    let names: Vec<&str> = spans.iter().map(|span| span.name()).collect();
    assert_eq!(spans.len(), 3, "{names:?}");
    for span in spans {
        assert_eq!(span.status(), Status::Error, "{}", span.name());
    }
}

#[tokio::test]
async fn a_name_that_is_too_long_is_a_client_error_at_every_hop() {
    let system = System::quick().await;
    let long = [
        "a".repeat(65),
        "a".repeat(1014),
        "%7E".repeat(300),
        "%F0%9F%8E%B2".repeat(70),
    ];
    for name in &long {
        for (process, path) in [
            (&system.frontend, "/roll?die="),
            (&system.dice_roller, "/roll?die="),
            (&system.dice_roller, "/roll-async?times=2&die="),
            (&system.die_service, "/dice?identifier="),
        ] {
            let (status, answer) = get(&process.url(&format!("{path}{name}"))).await;
            assert!(matches!(status, 404 | 414), "{path}: {status} {answer}");
            let detail = answer["detail"].as_str().expect("a problem");
            assert!(detail.len() < 200, "{detail}");
        }
    }
    for process in [&system.frontend, &system.dice_roller, &system.die_service] {
        let metrics = process.metrics().await;
        for status in ["500", "503", "504"] {
            let status = format!("status=\"{status}\"");
            assert_eq!(metrics.sum("http_requests_total", &[&status]), 0.0);
        }
    }
    // The longest name that passes the first hop passes all others.
    let longest = "%F0%9F%8E%B2".repeat(64);
    let (status, answer) = get(&system.frontend.url(&format!("/roll?die={longest}"))).await;
    assert_eq!(status, 404, "{answer}");
    let asked = system.die_service.metrics().await;
    let unknown = ["identifier=\"unknown\""];
    assert_eq!(
        asked.value("die_specifications_requested_total", &unknown),
        1.0
    );
}
