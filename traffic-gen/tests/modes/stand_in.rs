//! A server that records requests and gives the answers that a test configures.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::services::listen;

type Answer = Arc<dyn Fn(&str) -> (u16, String) + Send + Sync>;

/// A running stand-in; stopped when dropped.
pub(crate) struct StandIn {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
    _running: JoinSet<()>,
}

#[derive(Clone)]
struct App {
    asked: Arc<Mutex<Vec<String>>>,
    answer: Answer,
}

impl StandIn {
    /// Answers each path and query with a status and a body.
    pub(crate) async fn start(
        answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let (listener, url) = listen().await;
        Self::on(listener, url, answer)
    }

    pub(crate) fn on(
        listener: TcpListener,
        url: String,
        answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let app = App {
            asked: Arc::default(),
            answer: Arc::new(answer),
        };
        let asked = Arc::clone(&app.asked);
        let router = Router::new().fallback(handle).with_state(app);
        let mut running = JoinSet::new();
        running.spawn(async move {
            axum::serve(listener, router).await.expect("serves");
        });
        Self {
            url,
            asked,
            _running: running,
        }
    }

    /// Paths and queries so far, sorted, because the order of concurrent users is random.
    pub(crate) fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().expect("no panic while locked").clone();
        asked.sort();
        asked
    }
}

async fn handle(State(app): State<App>, request: Request) -> Response<Body> {
    let target = request.uri().to_string();
    let (status, body) = (app.answer)(&target);
    app.asked
        .lock()
        .expect("no panic while locked")
        .push(target);
    let status = StatusCode::from_u16(status).expect("a status");
    let response = Response::builder().status(status);
    response.body(Body::from(body)).expect("a response")
}

/// Answers as a frontend whose dice always show 3 and which has no golden die.
pub(crate) fn threes(target: &str) -> (u16, String) {
    if matches!(target, "/sign-in" | "/sign-out") {
        return (303, String::new());
    }
    if target.contains("die=golden") {
        return (404, r#"{"detail":"there is no die \"golden\""}"#.to_owned());
    }
    let times = target.split_once("times=").map(|(_, times)| times);
    match times.map(|times| times.parse::<usize>().expect("a number")) {
        None => (200, r#"{"roll":3}"#.to_owned()),
        Some(count) => {
            let rolls = vec!["3"; count].join(",");
            let total = 3 * count;
            let answer = format!(r#"{{"total":{total},"rolls":[{rolls}],"count":{count}}}"#);
            (200, answer)
        }
    }
}
