//! The original's Python scripts, which use `requests`, run unchanged: the same requests with the
//! same headers, in the same order, and the fields that the scripts read.

use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, USER_AGENT};
use serde_json::Value;
use testkit::Process;

use crate::support::System;

/// A session of `requests`: one connection, and the headers that it sends by itself.
struct Script(reqwest::Client);

impl Script {
    fn new() -> Self {
        let headers = [
            (USER_AGENT, "python-requests/2.32.5"),
            (ACCEPT_ENCODING, "gzip, deflate"),
            (ACCEPT, "*/*"),
        ];
        let headers: HeaderMap = headers
            .map(|(name, value)| (name, value.parse().expect("a header")))
            .into_iter()
            .collect();
        Self(testkit::client_with(|it| {
            it.default_headers(headers).timeout(Duration::from_secs(30))
        }))
    }

    /// `requests.get(url, params=params)`.
    async fn get(&self, process: &Process, path: &str, params: &[(&str, &str)]) -> (u16, String) {
        let request = self.0.get(process.url(path)).query(params);
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.text().await.expect("a body"))
    }

    /// The same, and `response.json()` of a 200.
    async fn json(&self, process: &Process, path: &str, params: &[(&str, &str)]) -> Value {
        let (status, body) = self.get(process, path, params).await;
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"))
    }
}

/// A script prints `service`, `version` and `endpoints` before it starts, and stops without them.
async fn check_about(script: &Script, process: &Process, service: &str, paths: &[&str]) {
    let about = script.json(process, "/", &[]).await;
    assert_eq!(about["service"], service);
    assert_eq!(about["version"], env!("CARGO_PKG_VERSION"));
    let endpoints = about["endpoints"].as_object().expect("endpoints");
    for path in paths {
        assert!(endpoints.contains_key(*path), "{path} is in {about}");
    }
}

fn check_batch(batch: &Value, times: usize) {
    let rolls = batch["rolls"].as_array().expect("rolls");
    let sum: u64 = rolls.iter().filter_map(Value::as_u64).sum();
    assert_eq!((rolls.len(), &batch["count"]), (times, &times.into()));
    assert_eq!(batch["total"], sum);
}

#[tokio::test]
async fn the_traffic_scripts_get_the_answers_they_expect() {
    let system = System::quick().await;
    let script = Script::new();
    check_about(&script, &system.die_service, "die-service", &["/dice"]).await;
    let dice = script.json(&system.die_service, "/dice", &[]).await;
    for die in dice["identifiers"].as_array().expect("identifiers") {
        let die = die.as_str().expect("a name");
        let params = [("identifier", die)];
        let one = script.json(&system.die_service, "/dice", &params).await;
        assert_eq!(one["identifier"], die);
        assert!(one["specification"]["faces"].is_array(), "{one}");
        assert!(one["specification"]["error_rate"].is_number(), "{one}");
        for process in [&system.dice_roller, &system.frontend] {
            for (path, times) in [("/roll", None), ("/roll-async", Some("5"))] {
                let mut params = vec![("die", die)];
                params.extend(times.map(|times| ("times", times)));
                // A die that fails sometimes answers 500, which the scripts count as an error.
                let (status, body) = script.get(process, path, &params).await;
                let body: Value = serde_json::from_str(&body).expect("JSON");
                match (status, times) {
                    (200, None) => assert!(body["roll"].is_u64(), "{body}"),
                    (200, Some(_)) => check_batch(&body, 5),
                    _ => assert!(status == 500 && body["detail"].is_string(), "{body}"),
                }
            }
        }
    }
    let (status, page) = script.get(&system.frontend, "/", &[]).await;
    assert!(status == 200 && page.contains("<html"), "{page}");
}

#[tokio::test]
async fn the_performance_script_compares_rolls_in_a_row_with_rolls_at_once() {
    const ROLLS: usize = 10;
    let system = System::start(&["--roll-delay=200ms"]).await;
    let (script, roller) = (Script::new(), &system.dice_roller);
    check_about(&script, roller, "dice-roller", &["/roll", "/roll-async"]).await;

    let start = Instant::now();
    for _ in 0..ROLLS {
        let one = script.json(roller, "/roll", &[("die", "fair")]).await;
        assert!(one["roll"].is_u64(), "{one}");
    }
    let in_a_row = start.elapsed();

    let start = Instant::now();
    let params = [("die", "fair"), ("times", &*ROLLS.to_string())];
    let batch = script.json(roller, "/roll-async", &params).await;
    let at_once = start.elapsed();
    check_batch(&batch, ROLLS);
    assert!(at_once < in_a_row, "{at_once:?} and {in_a_row:?}");
}

#[tokio::test]
async fn the_frontend_describes_itself_to_a_client_that_prefers_json() {
    let system = System::quick().await;
    let url = system.frontend.url("/");
    let request = testkit::client()
        .get(url)
        .header(ACCEPT, "application/json");
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.headers()["vary"], "accept");
    assert!(!answer.headers().contains_key("set-cookie"));
    let about: Value = answer.json().await.expect("JSON");
    assert_eq!(about["service"], "frontend");
    assert_eq!(about["endpoints"]["/sign-in"], "POST");
    assert_eq!(about["endpoints"]["/api/trace/{id}"], "GET");
}
