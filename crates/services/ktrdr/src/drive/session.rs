//! Sends requests, follows the operations, and prints one line for every event.

use std::collections::VecDeque;
use std::fmt::Arguments;
use std::io::{self, Write};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::Value;
use telemetry::client::{CallError, Client, Reply};
use tokio::time::sleep;
use url::Url;

use super::plan::Action;
use base_url::endpoint_of;

/// Timeout of a request to the backend.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The first pause while the backend is unavailable; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Pause between two checks of the operations, after the last request.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Maximum number of operations to follow; the oldest are dropped.
const MAX_FOLLOWED: usize = 200;

/// A client of the backend and its counts.
pub(super) struct Session<W> {
    backend: Url,
    client: Client,
    out: W,
    started: VecDeque<Started>,
    totals: Totals,
}

struct Started {
    id: String,
    what: &'static str,
    cancel: bool,
}

#[derive(Default)]
struct Totals {
    requested: u64,
    accepted: u64,
    rejected: u64,
    data: u64,
    completed: u64,
    failed: u64,
    cancelled: u64,
}

impl<W: Write> Session<W> {
    pub(super) fn new(backend: Url, out: W) -> Self {
        Self {
            backend,
            client: Client::default(),
            out,
            started: VecDeque::new(),
            totals: Totals::default(),
        }
    }

    /// Prints one line.
    pub(super) fn print(&mut self, line: Arguments<'_>) -> io::Result<()> {
        writeln!(self.out, "{line}")
    }

    /// Operations requested, whatever the answer.
    pub(super) fn requested(&self) -> u64 {
        self.totals.requested
    }

    pub(super) async fn perform(&mut self, action: Action) -> io::Result<()> {
        match action {
            Action::Start {
                operation_type,
                parameters,
                cancel,
            } => {
                let what = operation_type.as_str();
                let path = ["api", "v1", &format!("{what}s"), "start"];
                let reply = self
                    .request(Method::POST, &path, &[], Some(&parameters))
                    .await?;
                self.totals.requested += 1;
                self.started(what, cancel, &parameters, &reply)
            }
            Action::Data { symbol, days } => {
                let path = ["api", "v1", "data", symbol];
                let query = [("days", days)];
                let reply = self.request(Method::GET, &path, &query, None).await?;
                self.totals.data += 1;
                match reply.status {
                    StatusCode::OK => self.print(format_args!("data {symbol}: {days} days")),
                    _ => self.rejected("data", &reply),
                }
            }
        }
    }

    fn started(
        &mut self,
        what: &'static str,
        cancel: bool,
        parameters: &Value,
        reply: &Reply,
    ) -> io::Result<()> {
        let answer = json(reply);
        let Some(id) = answer["operation_id"].as_str() else {
            return self.rejected(what, reply);
        };
        self.totals.accepted += 1;
        self.started.push_back(Started {
            id: id.to_owned(),
            what,
            cancel,
        });
        if self.started.len() > MAX_FOLLOWED {
            self.started.pop_front();
        }
        self.print(format_args!("{what} {id} started: {parameters}"))
    }

    fn rejected(&mut self, what: &str, reply: &Reply) -> io::Result<()> {
        self.totals.rejected += 1;
        let answer = json(reply);
        let detail = answer["detail"].as_str().unwrap_or("without a reason");
        let status = reply.status.as_u16();
        self.print(format_args!("{what} rejected: {status}, {detail}"))
    }

    /// Checks the operation that was checked least recently.
    pub(super) async fn follow(&mut self) -> io::Result<()> {
        let Some(mut started) = self.started.pop_front() else {
            return Ok(());
        };
        let id = started.id.as_str();
        if std::mem::take(&mut started.cancel) {
            let path = ["api", "v1", "operations", id, "cancel"];
            self.request(Method::POST, &path, &[], None).await?;
        }
        let path = ["api", "v1", "operations", id];
        let reply = self.request(Method::GET, &path, &[], None).await?;
        let what = started.what;
        if reply.status == StatusCode::NOT_FOUND {
            return self.print(format_args!(
                "{what} {id} is unknown: the backend was restarted"
            ));
        }
        let operation = json(&reply);
        let outcome = match operation["status"].as_str() {
            Some("COMPLETED") => &mut self.totals.completed,
            Some("FAILED") => &mut self.totals.failed,
            Some("CANCELLED") => &mut self.totals.cancelled,
            _ => {
                self.started.push_back(started);
                return Ok(());
            }
        };
        *outcome += 1;
        let status = operation["status"].as_str().unwrap_or_default();
        match operation["error"].as_str() {
            Some(error) => self.print(format_args!("{what} {id} {status}: {error}")),
            None => self.print(format_args!("{what} {id} {status}")),
        }
    }

    pub(super) async fn follow_to_the_end(&mut self) -> io::Result<()> {
        while !self.started.is_empty() {
            self.follow().await?;
            sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }

    pub(super) fn totals(&mut self) -> io::Result<()> {
        let Totals {
            requested,
            accepted,
            rejected,
            data,
            completed,
            failed,
            cancelled,
        } = self.totals;
        self.print(format_args!(
            "requested {requested} operations ({accepted} accepted) and data {data} times; {rejected} rejected; \
             {completed} completed, {failed} failed, {cancelled} cancelled"
        ))
    }

    /// Sends a request and retries until the backend answers.
    async fn request(
        &mut self,
        method: Method,
        path: &[&str],
        query: &[(&str, u32)],
        body: Option<&Value>,
    ) -> io::Result<Reply> {
        let url = endpoint_of(&self.backend, path);
        let mut pause = FIRST_PAUSE;
        loop {
            let sent = self
                .client
                .send(method.clone(), url.clone(), |request| {
                    let request = request.query(query).timeout(TIMEOUT);
                    match body {
                        Some(body) => request.json(body),
                        None => request,
                    }
                })
                .await;
            let away = pause > FIRST_PAUSE;
            match sent {
                Ok(reply) if away => {
                    self.print(format_args!("the backend answers again"))?;
                    return Ok(reply);
                }
                Ok(reply) => return Ok(reply),
                Err(error) if !away => self.report_outage(&error)?,
                Err(_) => {}
            }
            sleep(pause).await;
            pause = MAX_PAUSE.min(pause * 2);
        }
    }

    fn report_outage(&mut self, error: &CallError) -> io::Result<()> {
        let cause = error.cause();
        let backend = self.backend.clone();
        self.print(format_args!("{backend} {error}: {cause}; retrying"))
    }
}

/// The body as JSON; null if it is not JSON.
fn json(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_default()
}
