//! One stand-in for the three services and their stores, which records everything and can lose
//! records.
//!
//! A roll increments the counters, creates the spans and writes the log lines of the contract.
//! Spans go to a real mini-tempo, lines to a file and to a stand-in for Loki, counters to
//! `/metrics` and, as if scraped, to a stand-in for Prometheus.

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::to_bytes;
use axum::extract::{Query, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use mini_tempo::Store;
use prost::Message;
use serde::Deserialize;
use serde_json::{Value, json};
use signals::tempo::TraceByIdResponse;
use tokio::task::JoinSet;

use crate::hops_spans::{Made, request_of};
use crate::hops_stores::{loki, prometheus, scrape};
use crate::services::listen;

/// What is lost: one in this many, or none if 0.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Loss {
    /// Spans of rolls on their way to Tempo.
    pub(crate) roll_spans: u64,
    /// Lines about single rolls.
    pub(crate) lines: u64,
    /// Increments of the counter of rolls in batches.
    pub(crate) batch_counts: u64,
    /// Not a loss: whether Tempo returns each trace's first batch twice, as after a repeated
    /// export.
    pub(crate) resent: bool,
    /// Not a loss: how many more times spans are posted.
    pub(crate) posted_again: usize,
    /// Not a loss: how many look-ups of a trace Tempo answers with 503 before it has time.
    pub(crate) busy: usize,
}

/// A running stand-in.
pub(crate) struct Hops {
    /// The frontend, dice-roller and die-service.
    pub(crate) services: String,
    pub(crate) tempo: String,
    /// Loki and Prometheus.
    pub(crate) stores: String,
    pub(crate) log: PathBuf,
    _running: JoinSet<()>,
}

pub(crate) struct App {
    pub(crate) loss: Loss,
    /// Where spans are posted.
    otlp: String,
    client: reqwest::Client,
    log: PathBuf,
    pub(crate) ledger: Mutex<Ledger>,
}

/// Everything recorded so far.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    requests: u64,
    rolls: u64,
    batch_rolls: u64,
    roll_spans: u64,
    lines: u64,
    /// The lines that were written, with their times.
    pub(crate) written: Vec<(u64, String)>,
    /// The scraped counters: requests, rolls and rolls in batches, with the time.
    pub(crate) scraped: Vec<(f64, [u64; 3])>,
}

impl Hops {
    pub(crate) async fn start(name: &str, loss: Loss) -> Self {
        let log = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.log"));
        std::fs::write(&log, "a line of an earlier run\n").expect("a file");
        let store = Store::new(mini_tempo::DEFAULT_MAX_SPANS);
        let mut running = JoinSet::new();
        let otlp = serve(&mut running, mini_tempo::receiver(store.clone())).await;
        let api = mini_tempo::api(store);
        let api = match loss.resent {
            true => api.layer(map_response(twice)),
            false => api,
        };
        let busy = Arc::new(AtomicUsize::new(loss.busy));
        let api = api.layer(from_fn_with_state(busy, busy_first));
        let tempo = serve(&mut running, api).await;
        let app = Arc::new(App {
            loss,
            otlp: format!("{otlp}/v1/traces"),
            client: testkit::client(),
            log: log.clone(),
            ledger: Mutex::default(),
        });
        let services = Router::new()
            .route("/roll", get(roll))
            .route("/roll-async", get(roll))
            .route("/metrics", get(metrics))
            .with_state(Arc::clone(&app));
        let stores = Router::new()
            .route("/loki/api/v1/query_range", get(loki))
            .route("/api/v1/query", get(prometheus))
            .with_state(Arc::clone(&app));
        running.spawn(scrape(Arc::clone(&app)));
        Self {
            services: serve(&mut running, services).await,
            stores: serve(&mut running, stores).await,
            tempo,
            log,
            _running: running,
        }
    }
}

/// Answers look-ups of traces with 503, that many times.
async fn busy_first(
    State(busy): State<Arc<AtomicUsize>>,
    request: Request,
    next: Next,
) -> Response {
    let is_look_up = request.uri().path().contains("/traces/");
    let fewer = |busy: usize| busy.checked_sub(1);
    let relaxed = Ordering::Relaxed;
    match is_look_up && busy.fetch_update(relaxed, relaxed, fewer).is_ok() {
        true => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        false => next.run(request).await,
    }
}

/// Repeats the first batch of a trace in the answer.
async fn twice(response: Response) -> Response {
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body in memory");
    if head
        .headers
        .get(CONTENT_TYPE)
        .is_none_or(|value| value != "application/protobuf")
    {
        return Response::from_parts(head, body.into());
    }
    let mut answer = TraceByIdResponse::decode(body).expect("the answer of v2");
    let batches = &mut answer.trace.get_or_insert_default().resource_spans;
    batches.extend(batches.first().cloned());
    let headers = [(CONTENT_TYPE, "application/protobuf")];
    (headers, answer.encode_to_vec()).into_response()
}

async fn serve(running: &mut JoinSet<()>, app: Router) -> String {
    let (listener, url) = listen().await;
    running.spawn(async { axum::serve(listener, app).await.expect("serves") });
    url
}

#[derive(Deserialize)]
struct RollQuery {
    times: Option<u64>,
}

async fn roll(
    State(app): State<Arc<App>>,
    Query(query): Query<RollQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, (StatusCode, &'static str)> {
    let traceparent = headers.get("traceparent");
    let traceparent = traceparent.and_then(|value| value.to_str().ok());
    let trace_id = traceparent.and_then(|value| value.split('-').nth(1));
    // Not a roll of traffic-gen.
    let trace_id = trace_id.ok_or((StatusCode::BAD_REQUEST, "there is no traceparent"))?;
    let trace_id = trace_id.to_owned();
    tokio::time::sleep(Duration::from_millis(10)).await;
    let spans = app.happen(&trace_id, query.times);
    let body = request_of(&trace_id, &spans);
    for _ in 0..=app.loss.posted_again {
        let request = app.client.post(&app.otlp);
        let request = request.header("content-type", "application/x-protobuf");
        let posted = request.body(body.clone()).send().await;
        assert!(posted.expect("an answer").status().is_success());
    }
    Ok(Json(match query.times {
        None => json!({ "roll": 1 }),
        Some(times) => {
            let rolls = vec![1; usize::try_from(times).expect("small")];
            json!({ "total": times, "rolls": rolls, "count": times })
        }
    }))
}

impl App {
    /// Records the counters, lines and spans of one request, all at the same time.
    fn happen(&self, trace_id: &str, times: Option<u64>) -> Vec<Made> {
        let mut ledger = self.ledger.lock().expect("no panic while locked");
        let now = nanos();
        ledger.requests += 1;
        let path = if times.is_some() {
            "/roll-async"
        } else {
            "/roll"
        };
        let mut spans = vec![
            Made::server("frontend", path, now),
            Made::server("die-service", "/dice", now),
        ];
        for index in 0..times.unwrap_or(1) {
            let message = match times {
                None => "Roll completed",
                Some(_) => "Async roll completed",
            };
            match times {
                None => ledger.rolls += 1,
                Some(_) => ledger.batch_rolls += 1,
            }
            ledger.roll_spans += 1;
            if !is_lost(self.loss.roll_spans, ledger.roll_spans) {
                spans.push(Made::roll(times.map(|_| index), now));
            }
            self.write(&mut ledger, message, trace_id, now);
        }
        spans
    }

    fn write(&self, ledger: &mut Ledger, message: &str, trace_id: &str, now: u64) {
        if message == "Roll completed" {
            ledger.lines += 1;
            if is_lost(self.loss.lines, ledger.lines) {
                return;
            }
        }
        let line = json!({ "message": message, "trace_id": trace_id, "roll_value": 1 });
        let file = std::fs::OpenOptions::new().append(true).open(&self.log);
        writeln!(file.expect("a file"), "{line}").expect("written");
        // Loki stores equal lines with the same timestamp once.
        let at = now + ledger.written.len() as u64;
        ledger.written.push((at, line.to_string()));
    }
}

impl Ledger {
    /// Requests, rolls and rolls in batches, as counted.
    pub(crate) fn counters(&self, loss: Loss) -> [u64; 3] {
        let lost = self.batch_rolls.checked_div(loss.batch_counts);
        [
            self.requests,
            self.rolls,
            self.batch_rolls - lost.unwrap_or(0),
        ]
    }
}

async fn metrics(State(app): State<Arc<App>>) -> String {
    let ledger = app.ledger.lock().expect("no panic while locked");
    let [requests, rolls, batch_rolls] = ledger.counters(app.loss);
    format!(
        "http_requests_total{{handler=\"/roll\",method=\"GET\",status=\"200\"}} {requests}\n\
         http_requests_total{{handler=\"/dice\",method=\"GET\",status=\"200\"}} {requests}\n\
         http_requests_total{{handler=\"/\",method=\"GET\",status=\"200\"}} 1234\n\
         dice_rolls_total{{die_type=\"fair\",result=\"success\"}} {rolls}\n\
         dice_rolls_total{{die_type=\"fair\",result=\"error\"}} 0\n\
         async_rolls_total{{die_type=\"fair\",result=\"success\"}} {batch_rolls}\n"
    )
}

fn is_lost(one_in: u64, number: u64) -> bool {
    one_in > 0 && number.is_multiple_of(one_in)
}

pub(crate) fn nanos() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    u64::try_from(since.as_nanos()).expect("before 2554")
}
