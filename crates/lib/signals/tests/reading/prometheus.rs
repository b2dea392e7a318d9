use std::collections::HashMap;

use axum::extract::Query;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use signals::Reader;
use signals::prometheus::{Graph, Prometheus};

use crate::{TIMEOUT, serve};

async fn answering(data: Value) -> Prometheus {
    let answer = json!({"status": "success", "data": data});
    let app = Router::new().route(
        "/below/api/v1/{what}",
        get(move || async move { Json(answer) }),
    );
    Prometheus::new(Reader::new(serve(app).await, TIMEOUT))
}

#[tokio::test]
async fn values_are_numbers_including_those_that_json_lacks() {
    let data = json!({"resultType": "vector", "result": [
        {"metric": {"job": "a"}, "value": [1.5, "2"]},
        {"metric": {}, "value": [1.5, "NaN"]},
        {"value": [1.5, "+Inf"]},
    ]});
    let found = answering(data).await.instant("up").await.expect("a vector");
    assert_eq!(found[0].labels["job"], "a");
    assert_eq!((found[0].at, found[0].value), (1.5, 2.0));
    assert!(found[1].value.is_nan());
    assert_eq!(found[2].value, f64::INFINITY);
}

#[tokio::test]
async fn a_range_has_its_samples_in_order() {
    let data = json!({"resultType": "matrix", "result": [
        {"metric": {"job": "a"}, "values": [[1, "2"], [6.5, "3"]]},
    ]});
    let found = answering(data)
        .await
        .range("up[1m]")
        .await
        .expect("a matrix");
    assert_eq!(found[0].samples, [(1.0, 2.0), (6.5, 3.0)]);
}

#[tokio::test]
async fn a_graph_is_queried_by_start_end_and_step() {
    let answer = |Query(query): Query<HashMap<String, String>>| async move {
        let asked = ["query", "start", "end", "step"].map(|name| query[name].clone());
        let metric = json!({"asked": asked.join(" ")});
        let result = json!([{"metric": metric, "values": [[1.5, "2"], [2, "NaN"]]}]);
        Json(json!({"data": {"resultType": "matrix", "result": result}}))
    };
    let app = Router::new().route("/below/api/v1/query_range", get(answer));
    let prometheus = Prometheus::new(Reader::new(serve(app).await, TIMEOUT));
    let graph = Graph {
        start: 1.5,
        end: 2.0,
        step: 0.5,
    };
    let found = prometheus.graph("up", graph).await.expect("a matrix");
    assert_eq!(found[0].labels["asked"], "up 1.5 2 0.5");
    assert_eq!(found[0].samples[0], (1.5, 2.0));
    assert!(found[0].samples[1].1.is_nan());
}

#[tokio::test]
async fn exemplars_of_all_series_are_one_list() {
    let one = |id: &str| json!({"labels": {"trace_id": id}, "value": "1", "timestamp": 1.5});
    let data =
        json!([{"seriesLabels": {}, "exemplars": [one("a"), one("b")]}, {"exemplars": [one("c")]}]);
    let found = answering(data)
        .await
        .exemplars("x", 1, 2)
        .await
        .expect("exemplars");
    let ids: Vec<&str> = found
        .iter()
        .map(|exemplar| exemplar.labels["trace_id"].as_str())
        .collect();
    assert_eq!(ids, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_rejected_query_and_a_malformed_value_are_errors() {
    let app = Router::new().fallback(|| async { (StatusCode::BAD_REQUEST, "parse error") });
    let refused = Prometheus::new(Reader::new(serve(app).await, TIMEOUT))
        .instant("up{")
        .await;
    let text = refused.expect_err("400").to_string();
    assert!(text.contains("400 Bad Request: parse error"), "{text}");
    let odd = answering(json!({"result": [{"metric": {}, "value": [1, "many"]}]})).await;
    let text = odd.instant("up").await.expect_err("no number").to_string();
    assert!(text.contains("\"many\" is not a number"), "{text}");
}
