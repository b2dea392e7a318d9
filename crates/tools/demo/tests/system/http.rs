//! Endpoints, statuses and error bodies.

use serde_json::{Value, json};
use testkit::{Process, get};

use crate::support::System;

async fn detail(process: &Process, path: &str, status: u16) -> String {
    let (actual, body) = get(&process.url(path)).await;
    assert_eq!(actual, status, "{path}: {body}");
    body["detail"]
        .as_str()
        .unwrap_or_else(|| panic!("{path}: {body}"))
        .to_owned()
}

#[tokio::test]
async fn die_service_answers_as_documented() {
    let system = System::quick().await;
    let die_service = &system.die_service;
    let (status, about) = get(&die_service.url("/")).await;
    let endpoints = ["/", "/dice", "/healthz", "/metrics", "/openapi.json"];
    let endpoints: Value = endpoints
        .map(|path| (path.to_owned(), json!("GET")))
        .into_iter()
        .collect();
    let expected = json!({
        "service": "die-service",
        "name": "die-service",
        "version": env!("CARGO_PKG_VERSION"),
        "endpoints": endpoints,
        "dice": 3,
    });
    assert_eq!((status, about), (200, expected));
    let (_, list) = get(&die_service.url("/dice")).await;
    assert_eq!(list, json!({"identifiers": ["extreme", "fair", "risky"]}));
    let dice = [
        ("fair", [1, 2, 3, 4, 5, 6], 0.0),
        ("risky", [2, 3, 4, 5, 6, 7], 0.1),
        ("extreme", [0, 0, 6, 6, 6, 6], 0.5),
    ];
    for (identifier, faces, error_rate) in dice {
        let answer = get(&die_service.url(&format!("/dice?identifier={identifier}"))).await;
        let specification = json!({"faces": faces, "error_rate": error_rate});
        let die = json!({"identifier": identifier, "specification": specification});
        assert_eq!(answer, (200, die));
    }
    let unknown = detail(die_service, "/dice?identifier=loaded", 404).await;
    assert_eq!(
        unknown,
        "there is no die \"loaded\"; GET /dice lists those there are"
    );
}

#[tokio::test]
async fn rolls_answer_as_documented_at_both_hops() {
    let system = System::quick().await;
    for process in [&system.dice_roller, &system.frontend] {
        let (status, one) = get(&process.url("/roll?die=fair")).await;
        assert_eq!(status, 200, "{one}");
        assert!(
            (1..=6).contains(&one["roll"].as_u64().expect("a number")),
            "{one}"
        );
        for times in [1, 5, 20] {
            let path = format!("/roll-async?die=fair&times={times}");
            let (status, batch) = get(&process.url(&path)).await;
            assert_eq!((status, &batch["count"]), (200, &json!(times)), "{batch}");
            let rolls: Vec<u64> = serde_json::from_value(batch["rolls"].clone()).expect("numbers");
            assert_eq!(rolls.len(), times, "{batch}");
            assert_eq!(batch["total"], json!(rolls.iter().sum::<u64>()), "{batch}");
        }
    }
    let (_, answer) = get(&system.dice_roller.url("/roll?die=fair")).await;
    assert_eq!(
        answer.as_object().expect("an object").len(),
        1,
        "only the roll is in the answer: {answer}"
    );
}

#[tokio::test]
async fn bad_input_is_named_with_what_is_allowed() {
    let system = System::quick().await;
    let long = format!("/roll?die={}", "x".repeat(2000));
    for process in [&system.dice_roller, &system.frontend] {
        for (path, status, words) in [
            ("/roll", 422, "missing field `die`"),
            ("/roll-async?die=fair", 422, "missing field `times`"),
            ("/roll-async?times=2", 422, "missing field `die`"),
            (
                "/roll-async?die=fair&times=0",
                422,
                "times: must be a whole number from 1 to 20",
            ),
            (
                "/roll-async?die=fair&times=21",
                422,
                "times: must be a whole number from 1 to 20",
            ),
            ("/roll-async?die=fair&times=-1", 422, "times: must be"),
            ("/roll-async?die=fair&times=%2B5", 422, "times: must be"),
            ("/roll-async?die=fair&times=05", 422, "times: must be"),
            ("/roll-async?die=fair&times=1.5", 422, "times: must be"),
            ("/roll-async?die=fair&times=five", 422, "times: must be"),
            ("/roll-async?die=fair&times=", 422, "times: must be"),
            (
                "/roll-async?die=fair&times=99999999999999999999",
                422,
                "times: must be",
            ),
            ("/roll?die=fair&die=risky", 422, "duplicate field `die`"),
            (
                "/roll?dice=fair",
                422,
                "unknown field `dice`, expected `die`",
            ),
            ("/roll?die=%ff%fe", 422, "not UTF-8"),
            (&long, 414, "2004 bytes, allowed are 1024"),
            ("/roll?die=loaded", 404, "\"loaded\"; GET /dice of die"),
            ("/roll?die=", 404, "there is no die \"\""),
            ("/roll?die=../../etc%00", 404, "there is no die"),
            (
                "/roll-async?die=FAIR&times=3",
                404,
                "there is no die \"FAIR\"",
            ),
            ("/rolls", 404, "there is no /rolls"),
        ] {
            let detail = detail(process, path, status).await;
            assert!(
                detail.contains(words),
                "{path}: {detail:?}, expected {words:?}"
            );
        }
    }
    for (path, words) in [
        (
            "/dice?identifer=fair",
            "unknown field `identifer`, expected `identifier`",
        ),
        (
            "/dice?identifier=a&identifier=b",
            "duplicate field `identifier`",
        ),
        ("/dice?identifier=%c3%28", "not UTF-8"),
    ] {
        let detail = detail(&system.die_service, path, 422).await;
        assert!(
            detail.contains(words),
            "{path}: {detail:?}, expected {words:?}"
        );
    }
}

#[tokio::test]
async fn wrong_methods_are_405_everywhere() {
    let system = System::quick().await;
    let client = testkit::client();
    for (process, path, allowed) in [
        (&system.die_service, "/dice", "GET,HEAD"),
        // A roll changes something, which HEAD must not do.
        (&system.dice_roller, "/roll?die=fair", "GET"),
        (&system.frontend, "/roll-async?die=fair&times=2", "GET"),
    ] {
        let huge = vec![b'x'; 5_000_000];
        let answer = client.post(process.url(path)).body(huge).send().await;
        // The server may close the connection instead of reading five megabytes in vain.
        if let Ok(answer) = answer {
            assert_eq!(answer.status(), 405, "{path}");
        }
        let answer = client
            .delete(process.url(path))
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 405, "{path}");
        assert_eq!(answer.headers()["allow"], allowed, "{path}");
        let body: Value = answer.json().await.expect("JSON");
        assert!(
            body["detail"]
                .as_str()
                .expect("text")
                .contains("does not accept DELETE"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn every_json_answer_of_the_frontend_names_its_trace() {
    let system = System::quick().await;
    for (path, status) in [
        ("/roll?die=fair", 200),
        ("/roll-async?die=fair&times=3", 200),
        ("/roll?die=loaded", 404),
        ("/roll", 422),
        ("/nowhere", 404),
    ] {
        let answer = testkit::fetch(system.frontend.url(path))
            .await
            .expect("an answer");
        assert_eq!(answer.status(), status, "{path}");
        let header = answer.headers()["traceresponse"]
            .to_str()
            .expect("ASCII")
            .to_owned();
        let body: Value = answer.json().await.expect("JSON");
        let id = body["trace_id"]
            .as_str()
            .unwrap_or_else(|| panic!("{path}: {body}"));
        assert_eq!(id.len(), 32, "{path}: {body}");
        assert!(
            header.starts_with(&format!("00-{id}-")),
            "{path}: {header} and {id}"
        );
        assert!(header.ends_with("-01"), "{path}: {header} is sampled");
    }
}

#[tokio::test]
async fn the_page_lists_the_dice() {
    let system = System::quick().await;
    let (status, page) = get(&system.frontend.url("/")).await;
    let page = page.as_str().expect("HTML, not JSON").to_owned();
    assert_eq!(status, 200);
    for die in ["extreme", "fair", "risky"] {
        assert!(page.contains(die), "{die} is on the page");
    }
}

#[tokio::test]
async fn the_program_itself_can_check_its_health() {
    let system = System::quick().await;
    let health = |address: String| {
        let listen = format!("--listen={address}");
        let arguments = ["service", "die-service", &listen, "health"].map(str::to_owned);
        async move {
            let mut command = tokio::process::Command::new(crate::support::PROGRAM);
            command.args(arguments).output().await.expect("it runs")
        }
    };
    let (status, body) = get(&system.die_service.url("/healthz")).await;
    assert_eq!((status, body.as_str()), (200, Some("ok\n")));
    let healthy = health(system.die_service.address.clone()).await;
    assert!(healthy.status.success(), "{healthy:?}");
    let address = system.die_service.address.clone();
    system.die_service.terminate().await;
    let gone = health(address).await;
    assert_eq!(gone.status.code(), Some(1), "{gone:?}");
    assert!(
        String::from_utf8_lossy(&gone.stderr).contains("cannot be reached"),
        "{gone:?}"
    );
}

#[tokio::test]
async fn head_rolls_no_die_and_is_no_usage_event() {
    let system = System::quick().await;
    let client = testkit::client();
    for process in [&system.dice_roller, &system.frontend] {
        for path in ["/roll?die=fair", "/roll-async?die=fair&times=2"] {
            let answer = client.head(process.url(path)).send().await;
            assert_eq!(answer.expect("an answer").status(), 405, "{path}");
        }
        let answer = client.head(process.url("/healthz")).send().await;
        assert_eq!(answer.expect("an answer").status(), 200);
    }
    let metrics = system.dice_roller.metrics().await;
    assert_eq!(metrics.sum("dice_rolls_total", &[]), 0.0);
    assert_eq!(metrics.sum("async_rolls_total", &[]), 0.0);
    let (_, lines) = system.frontend.terminate().await;
    let events = lines.iter().filter(|line| line["message"] == "Usage event");
    assert_eq!(events.count(), 0);
}

#[tokio::test]
async fn an_unknown_method_is_recorded_as_the_conventions_require() {
    let system = System::quick().await;
    let method = reqwest::Method::from_bytes(&[b"PROPFIND".as_slice(), &[b'X'; 2000]].concat());
    let client = testkit::client();
    let url = system.dice_roller.url("/roll?die=fair");
    let answer = client.request(method.expect("a token"), url).send().await;
    assert_eq!(answer.expect("an answer").status(), 405);
    system.dice_roller.terminate().await;
    let traces = system.store.traces();
    let span = &traces[0].spans()[0];
    assert_eq!(span.name(), "HTTP /roll");
    let text = |key| match span.attribute(key) {
        Some(mini_tempo::Value::Text(text)) => text.to_owned(),
        other => panic!("{key} is {other:?}"),
    };
    assert_eq!(text("http.request.method"), "_OTHER");
    let original = text("http.request.method_original");
    assert!(original.starts_with("PROPFINDX") && original.len() == 1024);
}
