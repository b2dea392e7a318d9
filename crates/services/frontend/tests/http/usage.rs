//! Usage events: one line for each user action, logged by the program itself.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testkit::{Process, eventually};
use uuid::Uuid;

use crate::server::{browse, browse_with, cookies, header, submit};

const SESSION: &str = "6b0d7e6e-3c50-4c55-9d1c-0a8f1e4f1f10";

async fn start() -> Process {
    let arguments = [
        "--listen=127.0.0.1:0",
        "--dice-roller-url=http://127.0.0.1:1",
    ];
    Process::start(env!("CARGO_BIN_EXE_frontend"), &arguments).await
}

/// All events, once there are `count`.
async fn events(frontend: &Process, count: usize) -> Vec<Value> {
    let events = eventually("usage events", || async {
        let events = frontend.lines_with("Usage event");
        (events.len() >= count).then_some(events)
    });
    events.await
}

/// Removes the fields that differ each time from `event`, and checks them.
fn settle(mut event: Value, trace: &str) -> Value {
    let fields = event.as_object_mut().expect("an object");
    let mut take = |field: &str| {
        let value = fields.remove(field).unwrap_or_default();
        value.as_str().unwrap_or_default().to_owned()
    };
    let id = Uuid::parse_str(&take("event_id")).expect("a UUID");
    assert_eq!(id.get_version_num(), 4);
    assert_eq!(take("trace_id"), trace);
    assert_eq!(take("span_id").len(), 16);
    assert!(take("timestamp").ends_with('Z'));
    event
}

/// All fields that are the same in each event, with `more`.
fn expected(event_type: &str, username: &str, session: &str, more: Value) -> Value {
    let mut event = json!({
        "level": "INFO", "message": "Usage event", "logger": "frontend", "usage": true,
        "event_type": event_type, "username": username, "session_id": session,
    });
    if let (Value::Object(fields), Value::Object(more)) = (&mut event, more) {
        fields.extend(more);
    }
    event
}

#[tokio::test]
async fn each_action_is_one_line_in_its_trace() {
    let frontend = start().await;
    let session = format!("session={SESSION}");
    let named = format!("{session}; name=Ada%20Lovelace");
    let get = async |path: &str, cookie: &str| {
        header(
            &browse_with(&frontend.url(path), cookie.as_bytes()).await,
            "traceresponse",
        )
    };
    let post = async |path: &str, form: &str, cookie: &str| {
        header(
            &submit(&frontend.url(path), form, cookie).await,
            "traceresponse",
        )
    };
    let (guest, ada) = ("guest", "Ada Lovelace");
    let steps = [
        (
            get("/", &session).await,
            expected("page_view", guest, SESSION, json!({})),
        ),
        (
            post("/sign-in", "name=Ada+Lovelace", &session).await,
            expected("sign_in", ada, SESSION, json!({})),
        ),
        (
            get("/", &named).await,
            expected("page_view", ada, SESSION, json!({})),
        ),
        // No service answers these, which changes nothing.
        (
            get("/roll?die=risky", &named).await,
            expected("roll", ada, SESSION, json!({ "die_type": "risky" })),
        ),
        (
            get("/roll-async?die=loaded&times=3", &named).await,
            expected(
                "roll_batch",
                ada,
                SESSION,
                json!({ "die_type": "unknown", "async_batch_size": 3 }),
            ),
        ),
        (
            post("/sign-out", "", &named).await,
            expected("sign_out", ada, SESSION, json!({})),
        ),
    ];
    let events = events(&frontend, steps.len()).await;
    assert_eq!(events.len(), steps.len(), "{events:?}");
    for (event, (traceresponse, expected)) in events.into_iter().zip(steps) {
        let trace = traceresponse.split('-').nth(1).expect("a trace id");
        assert_eq!(settle(event, trace), expected);
    }
}

#[tokio::test]
async fn a_session_begins_with_the_request_that_needs_one() {
    let frontend = start().await;
    let page = browse(&frontend.url("/")).await;
    let sign_in = submit(&frontend.url("/sign-in"), "name=guest+2", "").await;
    browse(&frontend.url("/roll?die=fair")).await;
    submit(&frontend.url("/sign-out"), "", "session=1; name=%00").await;
    let events = events(&frontend, 4).await;
    for (answer, event) in [page, sign_in].iter().zip(&events) {
        let id = event["session_id"].as_str().expect("a session");
        assert!(cookies(answer)[0].starts_with(&format!("session={id};")));
    }
    assert_eq!(events[1]["username"], "guest 2");
    for event in &events[2..] {
        assert_eq!(event.get("session_id"), None, "{event}");
        assert_eq!(event["username"], "guest");
    }
}

#[tokio::test]
async fn requests_that_are_no_action_or_malformed_log_no_event() {
    let frontend = start().await;
    for path in [
        "/roll",
        "/roll?die=fair&x=1",
        "/roll-async?die=fair&times=21",
        "/roll-async?die=fair",
        "/form?die=fair",
        "/api/dice",
        "/api/trace/1",
        "/assets/page.js",
        "/openapi.json",
        "/sign-in",
        "/nowhere",
    ] {
        browse(&frontend.url(path)).await;
    }
    submit(&frontend.url("/sign-in"), "name=", "").await;
    submit(&frontend.url("/"), "", "").await;
    let (_, lines) = frontend.terminate().await;
    let is_event = |line: &&Value| line.get("usage").is_some();
    assert_eq!(lines.iter().find(is_event), None);
}

#[tokio::test]
async fn a_name_is_one_value_of_one_line() {
    let frontend = start().await;
    let name = r#"x","usage":false,"a":"\"#;
    let form = "name=x%22%2C%22usage%22%3Afalse%2C%22a%22%3A%22%5C";
    submit(&frontend.url("/sign-in"), form, "").await;
    let event = events(&frontend, 1).await.remove(0);
    assert_eq!(event["username"], name);
    assert_eq!(event["usage"], true);
}

#[tokio::test]
async fn ids_are_never_given_twice() {
    const VIEWS: usize = 200;
    let frontend = start().await;
    let url = frontend.url("/");
    let views = (0..VIEWS).map(|_| browse(&url));
    futures_util::future::join_all(views).await;
    let events = events(&frontend, VIEWS).await;
    for id in ["event_id", "session_id"] {
        let ids: BTreeSet<_> = events
            .iter()
            .filter_map(|event| event[id].as_str())
            .collect();
        assert_eq!(ids.len(), VIEWS, "{id}");
    }
}
