use std::collections::HashMap;

use axum::extract::Query;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use signals::loki::{Loki, PAGE};
use signals::{AskError, Reader};

use crate::{TIMEOUT, serve};

/// That many lines, three per nanosecond, answered page by page as Loki does.
fn store(lines: usize) -> Router {
    let answer = move |Query(query): Query<HashMap<String, String>>| async move {
        let number = |name: &str| query[name].parse::<u64>().expect("a number");
        let (start, end, limit) = (number("start"), number("end"), number("limit"));
        assert_eq!(query["direction"], "forward");
        let all = (0..lines as u64).map(|line| (line / 3, format!("line {line}")));
        let page = all
            .filter(|(at, _)| (start..end).contains(at))
            .take(limit as usize);
        let values: Vec<Value> = page
            .map(|(at, text)| json!([at.to_string(), text]))
            .collect();
        Json(json!({"data": {"result": [{"stream": {"service_name": "dice"}, "values": values}]}}))
    };
    Router::new().route("/below/loki/api/v1/query_range", get(answer))
}

#[tokio::test]
async fn pages_are_read_to_the_end_and_no_line_is_missed() {
    let lines = 2 * PAGE + 1234;
    let loki = Loki::new(Reader::new(serve(store(lines)).await, TIMEOUT));
    let mut seen = std::collections::HashSet::new();
    let all = loki.all("{}", 0, u64::MAX, |stream| {
        assert_eq!(stream.labels["service_name"], "dice");
        seen.extend(stream.lines.iter().cloned());
    });
    all.await.expect("all pages");
    assert_eq!(seen.len(), lines);
}

#[tokio::test]
async fn a_nanosecond_with_more_lines_than_a_page_is_an_error_not_an_endless_loop() {
    let values = vec![json!(["7", "the same"]); PAGE];
    let answer = json!({"data": {"result": [{"stream": {}, "values": values}]}});
    let app = Router::new().fallback(move || async move { Json(answer) });
    let loki = Loki::new(Reader::new(serve(app).await, TIMEOUT));
    let error = loki
        .all("{}", 7, 9, |_| {})
        .await
        .expect_err("more lines than a page");
    assert!(matches!(error, AskError::Unreadable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_line_without_a_time_is_unreadable() {
    let answer = json!({"data": {"result": [{"stream": {}, "values": [["soon", "text"]]}]}});
    let app = Router::new().fallback(move || async move { Json(answer) });
    let loki = Loki::new(Reader::new(serve(app).await, TIMEOUT));
    let error = loki.page("{}", 0, 1, 10).await.expect_err("no time");
    assert!(
        error.to_string().contains("not a time and a text"),
        "{error}"
    );
}
