//! `GET /api/trace/{id}`: the trace of a roll, for the page's waterfall.
//!
//! Read it in this order: this file queries the trace store through [`signals`], [`distinct`] drops
//! duplicates, [`tree`] builds the call tree, [`clocks`] corrects clock skew, [`critical`] finds the
//! critical path, [`story`] and [`whole`] draw conclusions, always from all spans, [`drawn`] selects
//! the spans to draw, and [`view`] is the answer to the page.
//!
//! Viewing a trace must not create one: the route bypasses the middleware, and the store is queried
//! without a span.

mod clocks;
mod critical;
mod distinct;
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
use signals::tempo::Tempo;
use signals::{AskError, Reader};
use telemetry::client::shown;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use url::Url;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::error::Error;
pub(crate) use crate::trace::view::View;

/// Timeout of one request to the trace store.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// Pause between two such requests; it grows by half each time.
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
    /// Queries `store`; requests end early once `stopping` is true.
    pub(crate) fn new(store: Option<Url>, stopping: watch::Receiver<bool>) -> Self {
        let store = store.map(|url| Store {
            url: shown(&url),
            tempo: Tempo::new(Reader::new(url, STORE_TIMEOUT)),
        });
        Self { store, stopping }
    }

    /// The trace with that id: once it is complete, or the spans that have arrived after `wait` or
    /// when this service stops.
    ///
    /// # Errors
    /// When no span has arrived, or the store is missing or does not answer.
    pub(crate) async fn find(&self, id: &str, Wait(wait): Wait) -> Result<View, Error> {
        let id = full_id(id).ok_or(Error::NotATraceId)?;
        let store = self.store.as_ref().ok_or(Error::NoTraceStore)?;
        let mut found = None;
        let mut stopping = self.stopping.clone();
        tokio::select! {
            asked = store.ask_until_complete(&id, wait, &mut found) => asked?,
            // An error means that the sender is gone, which happens after the stop.
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
        found.ok_or(Error::NoTrace)
    }
}

impl Store {
    /// Queries repeatedly until the trace is settled or `wait` is over. `found` is the last answer,
    /// which a caller can use even if it does not await the end.
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

    /// The spans of the trace that have arrived so far; none if there are none.
    async fn ask(&self, id: &str) -> Result<Option<View>, Error> {
        match self.tempo.trace(id).await {
            Ok(trace) => Ok(trace.and_then(View::new)),
            Err(error) => {
                let cause = error.to_string();
                tracing::warn!(
                    backend_url = self.url,
                    cause,
                    "Trace store returned no trace"
                );
                Err(match error {
                    AskError::Slow { .. } => Error::TraceStoreTimeout,
                    _ => Error::TraceStoreUnavailable,
                })
            }
        }
    }
}

/// `view` as JSON, indented for a person who followed the page's link.
pub(crate) fn answer(view: &View, pretty: bool) -> Response {
    let vary = [(VARY, "accept")];
    if !pretty {
        return (vary, Json(view)).into_response();
    }
    let text = serde_json::to_string_pretty(view).expect("names and numbers are JSON");
    let json = [(CONTENT_TYPE, "application/json")];
    (vary, json, text).into_response()
}

/// A trace id with all of its 32 digits, in lower case. Tempo's search omits leading zeros
/// and accepts ids without them.
fn full_id(id: &str) -> Option<String> {
    let is_id = (1..=32).contains(&id.len()) && id.bytes().all(|digit| digit.is_ascii_hexdigit());
    let is_set = id.bytes().any(|digit| digit != b'0');
    (is_id && is_set).then(|| format!("{id:0>32}").to_ascii_lowercase())
}

fn micros(nanos: u64) -> u64 {
    nanos / 1000
}
