//! A backend and its workers on free ports, and client requests to them.

use std::sync::Arc;

use mini_tempo::{Store, Trace};
use reqwest::Client;
use serde_json::{Value, json};
use testkit::{Process, eventually};
use tokio::net::TcpListener;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_ktrdr");

/// A worker is lost after three seconds: short for a test, long enough for a busy machine with two
/// cores.
pub(crate) const IMPATIENT: [&str; 2] = ["--heartbeat=300ms", "--missed-heartbeats=10"];

/// Longer than any test.
pub(crate) const ENDLESS: u32 = 10_000;

/// A backtest of this many days, always the same one.
pub(crate) fn backtest(days: u32) -> Value {
    json!({ "symbol": "EURUSD", "days": days, "seed": 1 })
}

/// A backend, and every span that it and its workers export.
pub(crate) struct Fleet {
    pub(crate) backend: Process,
    pub(crate) store: Store,
    otlp: String,
    client: Client,
}

impl Fleet {
    /// Starts a backend without workers; `own` are additional flags.
    pub(crate) async fn start(own: &[&str]) -> Self {
        let store = Store::new(mini_tempo::DEFAULT_MAX_SPANS);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let otlp = format!("--otlp-endpoint=http://{address}");
        let receiver = mini_tempo::receiver(store.clone());
        tokio::spawn(async move { axum::serve(listener, receiver).await });
        let backend = role(
            "backend",
            &testkit::free_address(),
            &[&[otlp.as_str()], own].concat(),
        )
        .await;
        Self {
            backend,
            store,
            otlp,
            client: testkit::client(),
        }
    }

    /// Starts and registers a worker. It has no simulated faults unless `own` configures them.
    pub(crate) async fn worker(&self, worker_type: &str, own: &[&str]) -> Process {
        let process = self
            .worker_at(&testkit::free_address(), worker_type, own)
            .await;
        self.until_worker(&process.address, "available").await;
        process
    }

    /// Starts a worker on this address, without waiting for its registration.
    pub(crate) async fn worker_at(&self, listen: &str, worker_type: &str, own: &[&str]) -> Process {
        let worker_type = format!("--type={worker_type}");
        let backend = format!("--backend-url={}", self.backend.url(""));
        let always = [&worker_type, &backend, &self.otlp, "--max-duty=1"];
        let fault = ["--failure-share=0"];
        let fault = if own.iter().any(|flag| flag.starts_with("--failure-share")) {
            &fault[..0]
        } else {
            &fault
        };
        role("worker", listen, &[&always, fault, own].concat()).await
    }

    /// Waits until the backend lists the worker in this state.
    pub(crate) async fn until_worker(&self, id: &str, state: &str) {
        eventually(&format!("worker {id} to be {state}"), || async {
            (self.worker_state(id).await? == state).then_some(())
        })
        .await;
    }

    /// The worker's state in the backend; none if it is not listed.
    pub(crate) async fn worker_state(&self, id: &str) -> Option<String> {
        let (_, answer) = self.get("/api/v1/workers").await;
        let workers = answer["workers"].as_array().expect("a list");
        let worker = workers.iter().find(|worker| worker["id"] == id)?;
        Some(text(&worker["state"]).to_owned())
    }

    /// Waits for this many more heartbeats.
    pub(crate) async fn until_heartbeats(&self, more: f64) {
        let heard = || async {
            let metrics = self.backend.metrics().await;
            let handler = "handler=\"/api/v1/workers/{id}/heartbeat\"";
            metrics.sum("http_requests_total", &[handler, "status=\"200\""])
        };
        let before = heard().await;
        eventually("heartbeats", || async {
            (heard().await >= before + more).then_some(())
        })
        .await;
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        testkit::get(&self.backend.url(path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.client.post(self.backend.url(path)).json(body);
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    /// Starts a backtest of this many days; returns its id.
    pub(crate) async fn backtest(&self, days: u32) -> String {
        self.accepted("backtest", &backtest(days)).await
    }

    /// Starts an operation; returns its id.
    pub(crate) async fn accepted(&self, operation_type: &str, parameters: &Value) -> String {
        let path = format!("/api/v1/{operation_type}s/start");
        let (status, answer) = self.post(&path, parameters).await;
        assert_eq!(status, 202, "{answer}");
        text(&answer["operation_id"]).to_owned()
    }

    pub(crate) async fn operation(&self, id: &str) -> Value {
        let (status, operation) = self.get(&format!("/api/v1/operations/{id}")).await;
        assert_eq!(status, 200, "{operation}");
        operation
    }

    /// Waits until the operation has this status; returns the operation.
    pub(crate) async fn until(&self, id: &str, status: &str) -> Value {
        eventually(&format!("operation {id} to be {status}"), || async {
            let operation = self.operation(id).await;
            (operation["status"] == status).then_some(operation)
        })
        .await
    }

    /// Waits until a worker is in the middle of this attempt.
    pub(crate) async fn until_midway(&self, id: &str, attempt: u32) -> Value {
        eventually(
            &format!("attempt {attempt} at {id} to be midway"),
            || async {
                let operation = self.operation(id).await;
                let midway = operation["status"] == "RUNNING"
                    && operation["attempt"] == attempt
                    && operation["progress"].as_f64() > Some(0.0);
                midway.then_some(operation)
            },
        )
        .await
    }

    pub(crate) async fn cancel(&self, id: &str) -> (u16, Value) {
        let path = format!("/api/v1/operations/{id}/cancel");
        self.post(&path, &Value::Null).await
    }

    /// How many operations ended with this status, as the backend counts.
    pub(crate) async fn ended(&self, status: &str) -> f64 {
        let status = format!("status=\"{status}\"");
        let metrics = self.backend.metrics().await;
        metrics.sum("operations_total", &[&status])
    }

    /// The trace with this id, once it has all of these spans.
    pub(crate) async fn trace(&self, id: &Value, spans: &[&str]) -> Arc<Trace> {
        let id = text(id).parse().expect("an answer's trace id is one");
        eventually(&format!("{spans:?} in {id}"), || async {
            let trace = self.store.trace(id)?;
            let there = |name| trace.spans().iter().any(|span| span.name() == name);
            spans.iter().all(|name| there(*name)).then_some(trace)
        })
        .await
    }
}

/// A JSON value that is a string.
pub(crate) fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is not a string"))
}

/// Starts one role as a process.
pub(crate) async fn role(role: &str, listen: &str, own: &[&str]) -> Process {
    let listen = format!("--listen={listen}");
    let arguments = [&[role, &listen, "--span-delay=50"], own].concat();
    Process::start(PROGRAM, &arguments).await
}
