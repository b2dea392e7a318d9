//! Front doors: the real dice-roller, and a stand-in whose answers a test decides.

use std::future::pending;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use clap::Parser;
use serde_json::json;

use crate::listen;

/// The flags of dice-roller.
#[derive(Parser)]
struct DiceRoller {
    #[command(flatten)]
    config: dice_roller::Config,
}

/// A dice-roller whose rolls take no time.
pub(crate) async fn dice_roller() -> String {
    let (listener, url) = listen().await;
    let config = DiceRoller::parse_from(["dice-roller", "--roll-delay=0s"]).config;
    let losses = telemetry::Losses::default();
    tokio::spawn(dice_roller::run(config, listener, losses, pending()));
    url
}

/// Answers a request, given its path with the query.
type Answer = dyn Fn(&str) -> Response + Send + Sync;

/// A stand-in whose answers can be changed.
#[derive(Clone)]
pub(crate) struct FrontDoor {
    answer: Arc<Mutex<Arc<Answer>>>,
    pub(crate) url: String,
}

impl FrontDoor {
    pub(crate) async fn open(answer: impl Fn(&str) -> Response + Send + Sync + 'static) -> Self {
        let (listener, url) = listen().await;
        let answer: Arc<Answer> = Arc::new(answer);
        let door = Self {
            answer: Arc::new(Mutex::new(answer)),
            url,
        };
        let app = Router::new().fallback(respond).with_state(door.clone());
        tokio::spawn(axum::serve(listener, app).into_future());
        door
    }

    pub(crate) fn answers(&self, answer: impl Fn(&str) -> Response + Send + Sync + 'static) {
        *self.answer.lock().expect("no panic") = Arc::new(answer);
    }
}

async fn respond(State(door): State<FrontDoor>, uri: Uri, RawQuery(query): RawQuery) -> Response {
    let answer = door.answer.lock().expect("no panic").clone();
    let request = format!("{}?{}", uri.path(), query.unwrap_or_default());
    answer(&request)
}

/// An error as all services answer it.
pub(crate) fn problem(status: u16, detail: &str) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, json!({"detail": detail}).to_string()).into_response()
}

/// A batch of 20 rolls: each value from 1 to 6 three times, and `more` twice more.
pub(crate) fn batch(more: u8) -> Response {
    let mut rolls = [1, 2, 3, 4, 5, 6].repeat(3);
    rolls.extend([more; 2]);
    json!({"total": 0, "rolls": rolls, "count": 20})
        .to_string()
        .into_response()
}
