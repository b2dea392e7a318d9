//! `/api/search`: the shape of its answer, and its parameters.

use serde_json::json;

use crate::server::Server;
use crate::spans::{MS, START, START_SECONDS, batch, roll, span};

const ALL: (&str, &str) = ("q", "{}");

#[tokio::test]
async fn a_traceql_answer_has_tempos_shape() {
    let server = Server::start(100).await;
    server.export(roll(0xabc)).await;
    let query = "{ resource.service.name = \"dice-roller\" && status = error && name = \"GET /roll\" && duration > 1ms && kind = server }";
    let spans = json!({
        "spans": [{
            "spanID": "0000000000000003",
            "name": "GET /roll",
            "startTimeUnixNano": START.to_string(),
            "durationNanos": "20000000",
            "attributes": [
                {"key": "service.name", "value": {"stringValue": "dice-roller"}},
                {"key": "status", "value": {"stringValue": "error"}},
                {"key": "kind", "value": {"stringValue": "server"}},
            ],
        }],
        "matched": 1,
    });
    let expected = json!({
        "traces": [{
            "traceID": "abc",
            "rootServiceName": "frontend",
            "rootTraceName": "GET /roll",
            "startTimeUnixNano": START.to_string(),
            "durationMs": 30,
            "spanSet": spans,
            "spanSets": [spans],
            "serviceStats": {
                "dice-roller": {"spanCount": 2, "errorCount": 1},
                "die-service": {"spanCount": 1},
                "frontend": {"spanCount": 2},
            },
        }],
        "metrics": {"inspectedTraces": 1, "inspectedSpans": "5", "completedJobs": 1, "totalJobs": 1},
    });
    assert_eq!(server.json("/api/search", &[("q", query)]).await, expected);
}

#[tokio::test]
async fn a_search_without_matches_is_an_empty_list() {
    let server = Server::start(100).await;
    let answer = server.json("/api/search", &[ALL]).await;
    assert_eq!(answer["traces"], json!([]));
}

#[tokio::test]
async fn a_trace_without_its_root_is_marked() {
    let server = Server::start(100).await;
    server
        .export(vec![batch("dice-roller", vec![span(1, 3, 2, "roll")])])
        .await;
    let answer = server.json("/api/search", &[ALL]).await;
    assert_eq!(
        answer["traces"][0]["rootServiceName"],
        "<root span not yet received>"
    );
    assert_eq!(answer["traces"][0].get("rootTraceName"), None);
}

#[tokio::test]
async fn traces_come_newest_first_and_limited() {
    let server = Server::start(100).await;
    for (id, age) in [(1, 0), (2, 50), (3, 20)] {
        let mut spans = vec![span(id, 1, 0, "work")];
        spans[0].start_time_unix_nano += age * MS;
        spans[0].end_time_unix_nano += age * MS;
        server.export(vec![batch("frontend", spans)]).await;
    }
    assert_eq!(server.search(&[ALL]).await, ["2", "3", "1"]);
    assert_eq!(server.search(&[ALL, ("limit", "2")]).await, ["2", "3"]);
    assert_eq!(
        server.search(&[]).await,
        ["2", "3", "1"],
        "no query matches everything"
    );
}

#[tokio::test]
async fn the_limit_is_20_unless_given() {
    let server = Server::start(100).await;
    for id in 1..=21 {
        server
            .export(vec![batch("frontend", vec![span(id, 1, 0, "work")])])
            .await;
    }
    assert_eq!(server.search(&[ALL]).await.len(), 20);
    assert_eq!(server.search(&[ALL, ("limit", "100")]).await.len(), 21);
}

#[tokio::test]
async fn spss_bounds_the_spans_shown_and_not_the_count() {
    let server = Server::start(100).await;
    let spans = (1..=5).map(|id| span(1, id, id - 1, "work")).collect();
    server.export(vec![batch("frontend", spans)]).await;
    for (spss, shown) in [("", 3), ("0", 3), ("1", 1), ("4", 4), ("100", 5)] {
        let answer = server.json("/api/search", &[ALL, ("spss", spss)]).await;
        let set = &answer["traces"][0]["spanSets"][0];
        assert_eq!(
            set["spans"].as_array().map(Vec::len),
            Some(shown),
            "spss={spss}"
        );
        assert_eq!(set["matched"], 5);
    }
}

#[tokio::test]
async fn start_and_end_keep_traces_that_ran_in_between() {
    let server = Server::start(100).await;
    // From 0.5 s before to 1.5 s after the full second.
    let mut long = span(1, 1, 0, "work");
    long.start_time_unix_nano = START - 500 * MS;
    long.end_time_unix_nano = START + 1_500 * MS;
    server.export(vec![batch("frontend", vec![long])]).await;
    let window = async |start: i64, end: i64| {
        let second = |offset: i64| (START_SECONDS as i64 + offset).to_string();
        server
            .search(&[ALL, ("start", &second(start)), ("end", &second(end))])
            .await
    };
    assert_eq!(window(0, 1).await, ["1"]);
    assert_eq!(window(1, 5).await, ["1"], "it ends in the window");
    assert_eq!(window(-5, 0).await, ["1"], "it starts in the window");
    assert!(window(2, 5).await.is_empty());
    assert!(window(-5, -1).await.is_empty());
}

#[tokio::test]
async fn an_invalid_parameter_is_400_and_named() {
    let server = Server::start(100).await;
    let wrong = [
        ("limit", "0"),
        ("limit", "many"),
        ("limit", "-1"),
        ("spss", "101"),
        ("spss", "x"),
        ("start", "yesterday"),
        ("end", "1.5"),
        ("service", "frontend"),
    ];
    for (name, value) in wrong {
        let body = server.refused(&[(name, value)]).await;
        assert!(body.contains(name), "{name}={value}: {body}");
    }
}

#[tokio::test]
async fn parameters_that_contradict_each_other_are_400() {
    let server = Server::start(100).await;
    let body = server.refused(&[ALL, ("start", "20"), ("end", "10")]).await;
    assert!(
        body.contains("start must be before end. received start=20 end=10"),
        "{body}"
    );
    server.refused(&[ALL, ("start", "20")]).await;
}

/// Tempo's older query language would find other traces than TraceQL with the same words.
#[tokio::test]
async fn parameters_of_tempos_older_language_are_rejected() {
    let server = Server::start(100).await;
    server.export(roll(1)).await;
    for (name, value) in [
        ("tags", "service.name=frontend"),
        ("minDuration", "1ms"),
        ("maxDuration", "1s"),
    ] {
        for search in [&[(name, value)][..], &[ALL, (name, value)]] {
            let body = server.refused(search).await;
            let expected = format!("unknown parameter \"{name}\"");
            assert!(body.starts_with(&expected), "{body}");
            assert!(body.contains("TraceQL in q"), "{body}");
        }
    }
}
