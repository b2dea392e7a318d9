//! The answers of each part of the simulated system, each under its own path.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use serde::Deserialize;
use serde_json::{Value, json};
use testkit::traces::{of_service, trace_by_id};

use crate::patient::{Body, Fault, TRACE_ID};

type Shared = State<Arc<Body>>;
type Answer = Result<Json<Value>, StatusCode>;

pub(crate) fn parts() -> Router<Arc<Body>> {
    Router::new()
        .route("/frontend/healthz", get(async || "ok"))
        .route("/frontend/roll", get(roll))
        .route("/dice-roller/healthz", get(async || "ok"))
        .route("/dice-roller/roll", get(roll_in_trace))
        .route("/dice-roller/metrics", get(metrics))
        .route("/usage-sink/healthz", get(async || "ok"))
        .route("/usage-sink/metrics", get(usage))
        .route("/die-service/healthz", get(health))
        .route("/alloy/-/ready", get(alloy))
        .route("/alloy/metrics", get(alloy_metrics))
        .route("/tempo/ready", get(async || "ready"))
        .route("/tempo/api/v2/traces/{id}", get(trace))
        .route("/prometheus/-/ready", get(prometheus))
        .route("/prometheus/api/v1/query", get(query))
        .route("/prometheus/api/v1/query_exemplars", get(exemplars))
        .route("/alertmanager/-/ready", get(async || "OK"))
        .route("/alertmanager/api/v2/alerts", get(alerts))
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

/// Alloy's metrics; with the fault, each read shows one more retried batch.
async fn alloy_metrics(State(body): Shared) -> Result<String, StatusCode> {
    unless(body.has(Fault::AlloyDown))?;
    let looks = body.looks_at_alloy();
    let retries = 12 + u64::from(body.has(Fault::LokiAway)) * looks;
    let queued = u64::from(body.has(Fault::TempoAway)) * 3;
    Ok(format!(
        "loki_write_batch_retries_total{{component_id=\"loki.write.loki\",host=\"loki:3100\"}} {retries}\n\
         otelcol_exporter_queue_size{{component_id=\"otelcol.exporter.otlphttp.tempo\",exporter=\"x\"}} {queued}\n"
    ))
}

async fn prometheus(State(body): Shared) -> Result<(), StatusCode> {
    unless(body.has(Fault::PrometheusStarting))
}

async fn roll(State(body): Shared) -> Answer {
    unless(body.has(Fault::RollFails))?;
    if !body.has(Fault::CounterStuck) {
        body.roll();
    }
    Ok(Json(json!({ "roll": 4, "trace_id": TRACE_ID })))
}

/// dice-roller returns no trace id, and continues the trace of its caller.
async fn roll_in_trace(State(body): Shared, headers: HeaderMap) -> Answer {
    let parent = headers.get("traceparent").ok_or(StatusCode::BAD_REQUEST)?;
    let parent = parent.to_str().expect("ASCII");
    let [version, trace_id, span_id, flags] = parent.split('-').collect::<Vec<_>>()[..] else {
        panic!("{parent}");
    };
    assert_eq!((version, flags), ("00", "01"), "sampled: {parent}");
    assert_eq!((trace_id.len(), span_id.len()), (32, 16), "{parent}");
    body.follow(trace_id);
    roll(State(body)).await.map(|_| Json(json!({ "roll": 4 })))
}

async fn usage(State(body): Shared) -> String {
    let lost = u64::from(body.has(Fault::EventLost)) * (body.rolls() - 7);
    let rolls = body.rolls() - lost;
    format!(
        "usage_events_total{{event_type=\"page_view\",outcome=\"stored\"}} 3\n\
         usage_events_total{{event_type=\"roll\",outcome=\"stored\"}} {rolls}\n"
    )
}

async fn metrics(State(body): Shared) -> String {
    let rolls = body.rolls();
    let rejected = if body.has(Fault::SpansRejected) {
        rolls * 4
    } else {
        0
    };
    let lines = if body.has(Fault::EarlierLosses) {
        12
    } else {
        0
    };
    format!(
        "telemetry_spans_total{{outcome=\"exported\"}} 7\n\
         telemetry_spans_total{{outcome=\"rejected\"}} {rejected}\n\
         telemetry_log_lines_dropped_total{{reason=\"write_failed\"}} {lines}\n\
         process_panics_total 0\n\
         # TYPE dice_rolls_total counter\n\
         dice_rolls_total{{die_type=\"extreme\",result=\"success\"}} 1\n\
         dice_rolls_total{{die_type=\"fair\",result=\"success\"}} {rolls}\n"
    )
}

async fn trace(State(body): Shared, id: Path<String>) -> Vec<u8> {
    if body.has(Fault::NoTrace) || *id != body.trace_id() {
        return trace_by_id(Vec::new());
    }
    let half = body.has(Fault::HalfATrace);
    let services = body.services().iter();
    let services = services.filter(|service| !half || **service != "die-service");
    // Spans arrive in batches: the outer spans end last, and so may arrive last.
    let early = body.has(Fault::LateSpans) && body.reads_a_trace() < 3;
    let batches = services.map(|service| batch(service, &spans(&body, service, early)));
    let mut batches: Vec<ResourceSpans> = batches.collect();
    if body.has(Fault::ResentSpans) {
        batches.push(batches[0].clone());
    }
    trace_by_id(batches)
}

/// Name, id and parent.
type Made = (&'static str, &'static str, &'static str);

/// The spans of a roll in `service`; if `early`, without those that start in it.
fn spans(body: &Body, service: &str, early: bool) -> Vec<Made> {
    let (has_frontend, has_dice) = (body.stage >= 2, body.stage >= 3);
    let mut spans: Vec<Made> = match service {
        "frontend" => vec![("GET /roll", "f1", ""), ("GET", "f2", "f1")],
        "dice-roller" => {
            let caller = if has_frontend { "f2" } else { "outside" };
            vec![("GET /roll", "r1", caller), ("roll", "r2", "r1")]
        }
        _ => vec![("GET /dice", "d1", "r4")],
    };
    if service == "dice-roller" && has_dice {
        spans.extend([("query die service", "r3", "r1"), ("GET", "r4", "r3")]);
    }
    if service == "die-service" && body.stage >= 5 && !body.has(Fault::NoQuery) {
        spans.push(("SELECT dice", "d2", "d1"));
    }
    spans.retain(|(_, id, _)| !early || !matches!(*id, "r1" | "f1"));
    if body.has(Fault::LostSpan) {
        spans.retain(|(_, id, _)| *id != "r3");
    }
    spans
}

fn batch(service: &str, spans: &[Made]) -> ResourceSpans {
    let span = |(name, id, parent): &Made| Span {
        name: (*name).to_owned(),
        span_id: span_id(id),
        parent_span_id: span_id(parent),
        ..Span::default()
    };
    of_service(service, spans.iter().map(span).collect())
}

/// Eight bytes; none for no span.
fn span_id(name: &str) -> Vec<u8> {
    let mut id = name.as_bytes().to_vec();
    if !id.is_empty() {
        id.resize(8, 0);
    }
    id
}

#[derive(Deserialize)]
struct PromQl {
    query: String,
}

async fn query(State(body): Shared, Query(PromQl { query }): Query<PromQl>) -> Json<Value> {
    let stage = body.stage;
    let result = if query.starts_with("up{") {
        let mut names = body.services().to_vec();
        names.extend((stage >= 5).then_some("postgres"));
        names.extend((stage >= 6).then_some("usage-sink"));
        names.push("prober");
        if body.has(Fault::NoTarget) {
            names.retain(|name| *name != "die-service");
        }
        let job = |name: &&str| json!({ "job": format!("{name}-stage{stage}") });
        let up = |name| json!({ "metric": job(name), "value": [1.5, "1"] });
        names.iter().map(up).collect()
    } else {
        let job = format!(r#"job="dice-roller-stage{stage}""#);
        assert!(query.contains(&job), "{query}");
        let old = u64::from(body.has(Fault::OldSample));
        vec![json!({ "metric": {}, "value": [1.5, (body.rolls() - old).to_string()] })]
    };
    Json(json!({ "status": "success", "data": { "resultType": "vector", "result": result } }))
}

async fn exemplars(State(body): Shared, Query(PromQl { query }): Query<PromQl>) -> Json<Value> {
    let entry = if body.stage == 1 {
        "dice-roller"
    } else {
        "frontend"
    };
    assert!(query.contains(&format!(r#"service="{entry}""#)), "{query}");
    let trace_id = if body.has(Fault::StrangeExemplar) {
        "00000000000000000000000000000001".to_owned()
    } else {
        body.trace_id()
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

async fn alerts(State(body): Shared) -> Json<Value> {
    let alert = |name: &str, inhibited_by: &[&str]| {
        let status = json!({ "state": "active", "inhibitedBy": inhibited_by, "silencedBy": [] });
        json!({ "labels": { "alertname": name, "severity": "page" }, "status": status })
    };
    let mut alerts = vec![alert("Watchdog", &[])];
    if body.has(Fault::AlertsFire) {
        let held_back = alert("ProbeFailing", &["5f2c"]);
        alerts.extend([
            alert("TargetDown", &[]),
            held_back,
            alert("TargetDown", &[]),
        ]);
    }
    alerts
        .retain(|alert| !body.has(Fault::NoWatchdog) || alert["labels"]["alertname"] != "Watchdog");
    Json(Value::from(alerts))
}

async fn lines(State(body): Shared, Query(LogQl { query }): Query<LogQl>) -> Json<Value> {
    assert!(query.contains(&body.trace_id()), "{query}");
    let stream = |service: &str| json!({ "stream": { "service_name": service }, "values": [["1500000000", "{}"]] });
    let result = if body.has(Fault::NoLines) {
        vec![]
    } else {
        body.services().iter().map(|name| stream(name)).collect()
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
        "ktrdr-system-overview".to_owned(),
        "ktrdr-worker-status".to_owned(),
        "ktrdr-operations".to_owned(),
    ];
    if !body.has(Fault::NoDashboard) {
        uids.push(format!("stage{}-dice-roller", body.stage));
    }
    let found: Vec<Value> = uids.iter().map(|uid| json!({ "uid": uid })).collect();
    Ok(Json(Value::from(found)))
}
