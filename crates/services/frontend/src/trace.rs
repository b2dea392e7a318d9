//! `GET /api/trace/{id}`: the trace of a roll, for the page's waterfall.
//!
//! Read it in this order: this file asks the trace store through [`signals`], [`tree`] finds who called
//! whom, [`clocks`] puts spans in their place, [`critical`] finds what the request waited
//! for, [`story`] and [`whole`] draw conclusions, always from all spans, [`drawn`] chooses those that
//! are drawn, and [`view`] is what the page gets.
//!
//! Looking at a trace must not make one: the route is outside the middleware, and the store is
//! asked without a span.

mod clocks;
mod critical;
mod drawn;
mod story;
mod tree;
mod view;
mod whole;

use std::time::Duration;

use axum::Json;
use axum::http::header::{CONTENT_TYPE, VARY};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use signals::AskError;
use signals::tempo::Tempo;
use telemetry::client::shown;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use url::Url;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::error::Error;
pub(crate) use crate::trace::view::View;

/// How long one question to the trace store may take.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// Between the questions of one request; it grows by half each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// How long to wait for a trace to be complete, in whole seconds, 0 to 5.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Wait(Duration);

impl TryFrom<String> for Wait {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.parse() {
            Ok(seconds @ 0..=5) => Ok(Self(Duration::from_secs(seconds))),
            _ => Err("must be whole seconds from 0 to 5"),
        }
    }
}

impl PartialSchema for Wait {
    fn schema() -> RefOr<Schema> {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer);
        let seconds = seconds.minimum(Some(0)).maximum(Some(5));
        seconds.default(Some(0.into())).build().into()
    }
}

impl ToSchema for Wait {}

/// The trace store, if there is one: Tempo, or what answers its API.
pub(crate) struct Traces {
    store: Option<Store>,
    stopping: watch::Receiver<bool>,
}

struct Store {
    tempo: Tempo,
    /// For log lines.
    url: String,
}

impl Traces {
    /// Asks `store`; nobody waits any longer once `stopping` is true.
    pub(crate) fn new(store: Option<Url>, stopping: watch::Receiver<bool>) -> Self {
        let store = store.map(|url| Store {
            url: shown(&url),
            tempo: Tempo::new(url, STORE_TIMEOUT),
        });
        Self { store, stopping }
    }

    /// The trace of that id: as soon as it is complete, or what there is of it after `wait` or
    /// when this service stops.
    ///
    /// # Errors
    /// When there is nothing of it, or nobody to ask.
    pub(crate) async fn find(&self, id: &str, Wait(wait): Wait) -> Result<View, Error> {
        let id = full_id(id).ok_or(Error::NotATraceId)?;
        let store = self.store.as_ref().ok_or(Error::NoTraceStore)?;
        let mut found = None;
        let mut stopping = self.stopping.clone();
        tokio::select! {
            asked = store.ask_until_complete(&id, wait, &mut found) => asked?,
            // An error is a sender that is gone, which is after the stop.
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
        found.ok_or(Error::NoTrace)
    }
}

impl Store {
    /// Asks again until nothing more of the trace is expected or `wait` is over. `found` is the last answer, also
    /// for a caller who does not await the end.
    async fn ask_until_complete(
        &self,
        id: &str,
        wait: Duration,
        found: &mut Option<View>,
    ) -> Result<(), Error> {
        let deadline = Instant::now() + wait;
        let mut pause = FIRST_PAUSE;
        loop {
            *found = self.ask(id).await?;
            let settled = found.as_ref().is_some_and(|view| view.is_settled);
            if settled || Instant::now() + pause > deadline {
                return Ok(());
            }
            sleep(pause).await;
            pause = pause * 3 / 2;
        }
    }

    /// What has arrived of the trace so far; none when nothing has.
    async fn ask(&self, id: &str) -> Result<Option<View>, Error> {
        match self.tempo.trace(id).await {
            Ok(trace) => Ok(trace.and_then(View::new)),
            Err(error) => {
                let cause = error.to_string();
                tracing::warn!(backend_url = self.url, cause, "Trace store gave no trace");
                Err(match error {
                    AskError::Slow { .. } => Error::TraceStoreTimeout,
                    _ => Error::TraceStoreUnavailable,
                })
            }
        }
    }
}

/// `view` as JSON, with line breaks for somebody who followed the page's link to it.
pub(crate) fn answer(view: &View, is_to_be_read: bool) -> Response {
    let vary = [(VARY, "accept")];
    if !is_to_be_read {
        return (vary, Json(view)).into_response();
    }
    let text = serde_json::to_string_pretty(view).expect("names and numbers are JSON");
    let json = [(CONTENT_TYPE, "application/json")];
    (vary, json, text).into_response()
}

/// A trace id with all of its 32 digits, in lower case. Tempo's search leaves zeros at the front
/// out, and accepts ids without them.
fn full_id(id: &str) -> Option<String> {
    let is_id = (1..=32).contains(&id.len()) && id.bytes().all(|digit| digit.is_ascii_hexdigit());
    let is_set = id.bytes().any(|digit| digit != b'0');
    (is_id && is_set).then(|| format!("{id:0>32}").to_ascii_lowercase())
}

fn micros(nanos: u64) -> u64 {
    nanos / 1000
}
