//! A sink that records requests and gives configured answers.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use flate2::read::GzDecoder;
use serde_json::Value;
use tokio::net::TcpListener;
use url::Url;

/// A received request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) status: u16,
}

/// A sink on a free port.
pub(crate) struct Sink {
    state: Shared,
    url: Url,
}

type Shared = Arc<Mutex<Memory>>;

#[derive(Default)]
struct Memory {
    requests: Vec<Request>,
    /// Statuses of the next answers; 200 when there are no more.
    answers: VecDeque<u16>,
    always: Option<u16>,
}

impl Sink {
    pub(crate) async fn start() -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.expect("a free port"))
    }

    pub(crate) fn on(listener: TcpListener) -> Self {
        let address = listener.local_addr().expect("bound");
        let state = Shared::default();
        let app = Router::new().route("/v1/logs", post(receive));
        let app = app.with_state(Arc::clone(&state));
        tokio::spawn(axum::serve(listener, app).into_future());
        let url = format!("http://{address}/v1/logs");
        Self {
            state,
            url: url.parse().expect("a URL"),
        }
    }

    pub(crate) fn url(&self) -> Url {
        self.url.clone()
    }

    /// Answers the next requests with `statuses`, one each.
    pub(crate) fn answer(&self, statuses: &[u16]) {
        self.state
            .lock()
            .expect("no panic")
            .answers
            .extend(statuses);
    }

    /// Answers every request with `status`, or with 200 if none.
    pub(crate) fn always(&self, status: Option<u16>) {
        self.state.lock().expect("no panic").always = status;
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.lock().expect("no panic").requests.clone()
    }

    /// The records of the requests that were answered with 200.
    pub(crate) fn records(&self) -> Vec<Value> {
        let mut taken = self.requests();
        taken.retain(|request| request.status == 200);
        taken.iter().flat_map(Request::records).collect()
    }

    /// The lines in these records.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |record: Value| record["body"]["stringValue"].as_str().map(str::to_owned);
        self.records().into_iter().filter_map(line).collect()
    }
}

impl Request {
    pub(crate) fn records(&self) -> Vec<Value> {
        let chains = self.body["resourceLogs"].as_array().expect("chains");
        let record = |chain: &Value| chain["scopeLogs"][0]["logRecords"][0].clone();
        chains.iter().map(record).collect()
    }
}

async fn receive(State(state): State<Shared>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut text = String::new();
    let unzipped = GzDecoder::new(&body[..]).read_to_string(&mut text);
    unzipped.expect("gzip");
    let mut memory = state.lock().expect("no panic");
    let status = memory
        .always
        .or_else(|| memory.answers.pop_front())
        .unwrap_or(200);
    memory.requests.push(Request {
        headers,
        body: serde_json::from_str(&text).expect("JSON"),
        status,
    });
    StatusCode::from_u16(status).expect("a status")
}
