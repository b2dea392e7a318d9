//! A system in one server: each part under its own path, with the faults it was given.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The one trace that there is.
pub(crate) const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    DieServiceIll,
    RollFails,
    CounterStuck,
    NoTarget,
    OldSample,
    NoTrace,
    HalfATrace,
    AlloyDown,
    PrometheusStarting,
    NoLines,
    NoExemplar,
    StrangeExemplar,
    NoDashboard,
    ClosedGrafana,
}

pub(crate) struct Patient {
    base: String,
}

struct Body {
    faults: Vec<Fault>,
    rolls: AtomicU64,
}

type Shared = State<Arc<Body>>;
type Answer = Result<Json<Value>, StatusCode>;

impl Body {
    fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    fn rolls(&self) -> u64 {
        self.rolls.load(Ordering::Relaxed)
    }
}

impl Patient {
    pub(crate) async fn with(faults: &[Fault]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("bound"));
        let body = Arc::new(Body {
            faults: faults.to_vec(),
            rolls: AtomicU64::new(7),
        });
        let app = parts().with_state(body);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { base }
    }

    /// A port on which nobody listens.
    pub(crate) fn gone() -> Self {
        Self {
            base: "http://127.0.0.1:1".to_owned(),
        }
    }

    /// The flags that say where every part is.
    pub(crate) fn urls(&self) -> Vec<String> {
        let parts = [
            "frontend",
            "dice-roller",
            "die-service",
            "alloy",
            "tempo",
            "prometheus",
            "loki",
            "grafana",
        ];
        parts
            .iter()
            .map(|part| format!("--{part}-url={}/{part}", self.base))
            .collect()
    }
}

fn parts() -> Router<Arc<Body>> {
    Router::new()
        .route("/frontend/healthz", get(async || "ok"))
        .route("/frontend/roll", get(roll))
        .route("/dice-roller/healthz", get(async || "ok"))
        .route("/dice-roller/metrics", get(metrics))
        .route("/die-service/healthz", get(health))
        .route("/alloy/-/ready", get(alloy))
        .route("/tempo/ready", get(async || "ready"))
        .route("/tempo/api/traces/{id}", get(trace))
        .route("/prometheus/-/ready", get(prometheus))
        .route("/prometheus/api/v1/query", get(query))
        .route("/prometheus/api/v1/query_exemplars", get(exemplars))
        .route("/loki/ready", get(async || "ready"))
        .route("/loki/loki/api/v1/query_range", get(lines))
        .route("/grafana/api/health", get(async || "{}"))
        .route("/grafana/api/search", get(search))
}

fn unless(broken: bool) -> Result<(), StatusCode> {
    if broken {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    Ok(())
}

async fn health(State(body): Shared) -> Result<(), StatusCode> {
    unless(body.has(Fault::DieServiceIll))
}

async fn alloy(State(body): Shared) -> Result<(), StatusCode> {
    unless(body.has(Fault::AlloyDown))
}

async fn prometheus(State(body): Shared) -> Result<(), StatusCode> {
    unless(body.has(Fault::PrometheusStarting))
}

async fn roll(State(body): Shared) -> Answer {
    unless(body.has(Fault::RollFails))?;
    if !body.has(Fault::CounterStuck) {
        body.rolls.fetch_add(1, Ordering::Relaxed);
    }
    Ok(Json(json!({ "roll": 4, "trace_id": TRACE_ID })))
}

async fn metrics(State(body): Shared) -> String {
    let rolls = body.rolls();
    format!(
        "# TYPE dice_rolls_total counter\n\
         dice_rolls_total{{die_type=\"extreme\",result=\"success\"}} 1\n\
         dice_rolls_total{{die_type=\"fair\",result=\"success\"}} {rolls}\n"
    )
}

async fn trace(State(body): Shared, id: axum::extract::Path<String>) -> Answer {
    if body.has(Fault::NoTrace) || *id != TRACE_ID {
        return Err(StatusCode::NOT_FOUND);
    }
    let mut batches = vec![batch("frontend", 2), batch("dice-roller", 1)];
    if !body.has(Fault::HalfATrace) {
        batches.push(batch("die-service", 1));
    }
    Ok(Json(json!({ "batches": batches })))
}

fn batch(service: &str, spans: usize) -> Value {
    let name = json!({ "key": "service.name", "value": { "stringValue": service } });
    json!({
        "resource": { "attributes": [name] },
        "scopeSpans": [{ "spans": vec![json!({ "name": "GET" }); spans] }],
    })
}

#[derive(Deserialize)]
struct PromQl {
    query: String,
}

async fn query(State(body): Shared, Query(PromQl { query }): Query<PromQl>) -> Json<Value> {
    let result = if query.starts_with("up{") {
        let mut jobs = vec!["frontend-stage4", "dice-roller-stage4"];
        if !body.has(Fault::NoTarget) {
            jobs.push("die-service-stage4");
        }
        let up = |job: &&str| json!({ "metric": { "job": job }, "value": [1.5, "1"] });
        jobs.iter().map(up).collect()
    } else {
        assert!(query.contains(r#"job="dice-roller-stage4""#), "{query}");
        let old = u64::from(body.has(Fault::OldSample));
        vec![json!({ "metric": {}, "value": [1.5, (body.rolls() - old).to_string()] })]
    };
    Json(json!({ "status": "success", "data": { "resultType": "vector", "result": result } }))
}

async fn exemplars(State(body): Shared) -> Json<Value> {
    let trace_id = if body.has(Fault::StrangeExemplar) {
        "00000000000000000000000000000001"
    } else {
        TRACE_ID
    };
    let exemplar = json!({ "labels": { "trace_id": trace_id }, "value": "0.3", "timestamp": 1.5 });
    let series = json!({ "seriesLabels": {}, "exemplars": [exemplar] });
    let series = if body.has(Fault::NoExemplar) {
        vec![]
    } else {
        vec![series]
    };
    Json(json!({ "status": "success", "data": series }))
}

async fn lines(State(body): Shared, Query(LogQl { query }): Query<LogQl>) -> Json<Value> {
    assert!(query.contains(TRACE_ID), "{query}");
    let stream = |service: &str| json!({ "stream": { "service_name": service }, "values": [["1500000000", "{}"]] });
    let result = if body.has(Fault::NoLines) {
        vec![]
    } else {
        vec![stream("dice-roller"), stream("die-service")]
    };
    Json(json!({ "status": "success", "data": { "resultType": "streams", "result": result } }))
}

#[derive(Deserialize)]
struct LogQl {
    query: String,
}

async fn search(State(body): Shared) -> Answer {
    if body.has(Fault::ClosedGrafana) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let mut uids = vec![
        "ktrdr-system-overview",
        "ktrdr-worker-status",
        "ktrdr-operations",
    ];
    if !body.has(Fault::NoDashboard) {
        uids.push("stage4-dice-roller");
    }
    let found: Vec<Value> = uids.iter().map(|uid| json!({ "uid": uid })).collect();
    Ok(Json(Value::from(found)))
}
