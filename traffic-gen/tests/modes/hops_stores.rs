//! The stand-ins for Loki and Prometheus.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::hops::{App, nanos};

/// Stores samples as Prometheus would, but more often.
pub(crate) async fn scrape(app: Arc<App>) {
    loop {
        {
            let mut ledger = app.ledger.lock().expect("no panic while locked");
            let counters = ledger.counters(app.loss);
            let seconds = (nanos() / 1_000_000) as f64 / 1000.0;
            ledger.scraped.push((seconds, counters));
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

#[derive(Deserialize)]
pub(crate) struct PromQl {
    query: String,
}

pub(crate) async fn prometheus(
    State(app): State<Arc<App>>,
    Query(asked): Query<PromQl>,
) -> Json<Value> {
    let index = match asked.query.as_str() {
        query if query.starts_with("http_requests_total{job=~\"frontend") => 0,
        query if query.starts_with("http_requests_total{job=~\"die-service") => 0,
        query if query.starts_with("dice_rolls_total{job=~\"dice-roller") => 1,
        query if query.starts_with("async_rolls_total{job=~\"dice-roller") => 2,
        query => panic!("{query}"),
    };
    let ledger = app.ledger.lock().expect("no panic while locked");
    let values = ledger
        .scraped
        .iter()
        .map(|(at, counters)| json!([at, counters[index].to_string()]));
    let values: Vec<Value> = values.collect();
    let metric = json!({ "job": "a", "instance": "b" });
    Json(json!({ "data": { "result": [{ "metric": metric, "values": values }] } }))
}

#[derive(Deserialize)]
pub(crate) struct LogQl {
    start: u64,
    end: u64,
    limit: usize,
}

/// Puts 6000 unrelated lines before ours, so that reading takes more than one page.
pub(crate) async fn loki(State(app): State<Arc<App>>, Query(asked): Query<LogQl>) -> Json<Value> {
    let ledger = app.ledger.lock().expect("no panic while locked");
    let first = ledger.written.first().map_or(0, |(at, _)| at - 10_000_000);
    let line = json!({ "message": "Roll completed", "trace_id": "0123" }).to_string();
    let others = (0..6000).map(|index| (first + index, line.clone()));
    let window = asked.start..asked.end;
    let all = others.chain(ledger.written.iter().cloned());
    let page = all.filter(|(at, _)| window.contains(at)).take(asked.limit);
    let values: Vec<Value> = page
        .map(|(at, line)| json!([at.to_string(), line]))
        .collect();
    Json(json!({ "data": { "result": [{ "stream": {}, "values": values }] } }))
}
