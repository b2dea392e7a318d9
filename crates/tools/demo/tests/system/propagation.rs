//! Which parts of a caller's trace context are passed on to the next service.

use std::sync::{Arc, Mutex};

use axum::http::HeaderMap;
use axum::{Json, Router};
use serde_json::json;
use testkit::Process;
use tokio::net::TcpListener;

use crate::support::{collector, service};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// A dice-roller with a stand-in for die-service that records the headers it receives.
struct Hop {
    roller: Process,
    seen: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Hop {
    async fn start(own: &[&str]) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let remember = Arc::clone(&seen);
        let answer = move |headers: HeaderMap| async move {
            remember.lock().expect("no panic").push(headers);
            let specification = json!({"faces": [1], "error_rate": 0.0});
            Json(json!({"identifier": "fair", "specification": specification}))
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
        let (_store, otlp) = collector().await;
        let url = format!("--die-service-url={url}");
        let flags = [&[url.as_str(), "--roll-delay=0s"], own].concat();
        let roller = service("dice-roller", &otlp, &flags).await;
        Self { roller, seen }
    }

    /// The headers sent on for a roll requested with `headers`: all `traceparent`, all
    /// `tracestate`.
    async fn roll(&self, headers: &[(&'static str, &'static str)]) -> [Vec<String>; 2] {
        let mut request = testkit::client().get(self.roller.url("/roll?die=fair"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let sent = self.seen.lock().expect("no panic").pop().expect("a call");
        ["traceparent", "tracestate"].map(|name| {
            let values = sent.get_all(name).iter();
            values
                .map(|value| value.to_str().expect("text").to_owned())
                .collect()
        })
    }
}

fn parent(flags: &str) -> &'static str {
    format!("00-{TRACE}-b7ad6b7169203331-{flags}").leak()
}

#[tokio::test]
async fn trace_state_in_several_lines_is_sent_as_one_list_in_order() {
    let hop = Hop::start(&[]).await;
    let parent = ("traceparent", parent("01"));
    let lines = [
        parent,
        ("tracestate", "foo=1"),
        ("tracestate", "bar=2,baz=3"),
    ];
    let [parents, states] = hop.roll(&lines).await;
    assert!(parents[0].contains(TRACE), "{parents:?}");
    assert_eq!(states, ["foo=1,bar=2,baz=3"]);
}

/// Every span keeps the state in memory, so a client must not control its size.
#[tokio::test]
async fn a_long_trace_state_is_shortened_as_specified() {
    let hop = Hop::start(&[]).await;
    let states = async |state: String| {
        let lines = [("traceparent", parent("01")), ("tracestate", state.leak())];
        let [parents, states] = hop.roll(&lines).await;
        assert!(parents[0].contains(TRACE), "{parents:?}");
        states
    };
    let long = format!("first=1,long={},last=2", "x".repeat(600));
    assert_eq!(states(long).await, ["first=1,last=2"]);
    let entry = |number: usize| format!("k{number:02}={}", "x".repeat(60));
    let list = |entries: std::ops::Range<usize>| entries.map(entry).collect::<Vec<_>>().join(",");
    assert_eq!(states(list(0..32)).await, [list(0..7)]);
    let none: [&str; 0] = [];
    assert_eq!(states("a=1,".repeat(33)).await, none);
}

#[tokio::test]
async fn without_a_trace_state_none_is_sent() {
    let hop = Hop::start(&[]).await;
    for headers in [&[("traceparent", parent("01"))][..], &[]] {
        let [parents, states] = hop.roll(headers).await;
        assert_eq!(
            (parents.len(), states.len()),
            (1, 0),
            "{parents:?} {states:?}"
        );
    }
}

#[tokio::test]
async fn two_parents_start_a_new_trace() {
    let hop = Hop::start(&[]).await;
    let other = "00-11111111111111111111111111111111-b7ad6b7169203331-01";
    let lines = [
        ("traceparent", parent("01")),
        ("traceparent", other),
        ("tracestate", "foo=1"),
    ];
    let [parents, states] = hop.roll(&lines).await;
    let anew = !parents[0].contains(TRACE) && !parents[0].contains("1111111111111111");
    assert!(parents.len() == 1 && anew, "{parents:?}");
    assert!(
        states.is_empty(),
        "a state belongs to its parent: {states:?}"
    );
}

#[tokio::test]
async fn the_random_flag_is_passed_on_and_unknown_flags_are_not() {
    let hop = Hop::start(&[]).await;
    for (came, goes) in [("03", "-03"), ("01", "-01"), ("ff", "-03"), ("09", "-01")] {
        let [parents, _] = hop.roll(&[("traceparent", parent(came))]).await;
        assert!(
            parents[0].contains(TRACE) && parents[0].ends_with(goes),
            "{came}: {parents:?}"
        );
    }
}
