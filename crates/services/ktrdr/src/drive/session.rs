//! Asking the backend, following what was started, and one line for everything that happens.

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
use crate::protocol::endpoint;

/// How long the backend may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The first pause when the backend is away, doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Between two looks at operations, once everything was asked for.
const LOOK_PAUSE: Duration = Duration::from_millis(250);

/// Operations followed at once; the oldest are let go.
const FOLLOWED: usize = 200;

/// A conversation with the backend.
pub(super) struct Session<W> {
    backend: Url,
    client: Client,
    out: W,
    started: VecDeque<Started>,
    sums: Sums,
}

struct Started {
    id: String,
    what: &'static str,
    cancel: bool,
}

#[derive(Default)]
struct Sums {
    asked: u64,
    accepted: u64,
    refused: u64,
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
            sums: Sums::default(),
        }
    }

    /// Prints one line.
    pub(super) fn say(&mut self, line: Arguments<'_>) -> io::Result<()> {
        writeln!(self.out, "{line}")
    }

    /// Operations asked for, whatever the answer.
    pub(super) fn asked(&self) -> u64 {
        self.sums.asked
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
                    .ask(Method::POST, &path, &[], Some(&parameters))
                    .await?;
                self.sums.asked += 1;
                self.started(what, cancel, &parameters, &reply)
            }
            Action::Data { symbol, days } => {
                let path = ["api", "v1", "data", symbol];
                let query = [("days", days)];
                let reply = self.ask(Method::GET, &path, &query, None).await?;
                self.sums.data += 1;
                match reply.status {
                    StatusCode::OK => self.say(format_args!("data {symbol}: {days} days")),
                    _ => self.refused("data", &reply),
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
            return self.refused(what, reply);
        };
        self.sums.accepted += 1;
        self.started.push_back(Started {
            id: id.to_owned(),
            what,
            cancel,
        });
        if self.started.len() > FOLLOWED {
            self.started.pop_front();
        }
        self.say(format_args!("{what} {id} started: {parameters}"))
    }

    fn refused(&mut self, what: &str, reply: &Reply) -> io::Result<()> {
        self.sums.refused += 1;
        let answer = json(reply);
        let detail = answer["detail"].as_str().unwrap_or("no reason given");
        let status = reply.status.as_u16();
        self.say(format_args!("{what} refused: {status}, {detail}"))
    }

    /// Looks at the operation that was not looked at for longest.
    pub(super) async fn follow(&mut self) -> io::Result<()> {
        let Some(mut started) = self.started.pop_front() else {
            return Ok(());
        };
        let id = started.id.as_str();
        if std::mem::take(&mut started.cancel) {
            let path = ["api", "v1", "operations", id, "cancel"];
            self.ask(Method::POST, &path, &[], None).await?;
        }
        let path = ["api", "v1", "operations", id];
        let reply = self.ask(Method::GET, &path, &[], None).await?;
        let what = started.what;
        if reply.status == StatusCode::NOT_FOUND {
            return self.say(format_args!(
                "{what} {id} is forgotten: the backend was restarted"
            ));
        }
        let operation = json(&reply);
        let outcome = match operation["status"].as_str() {
            Some("COMPLETED") => &mut self.sums.completed,
            Some("FAILED") => &mut self.sums.failed,
            Some("CANCELLED") => &mut self.sums.cancelled,
            _ => {
                self.started.push_back(started);
                return Ok(());
            }
        };
        *outcome += 1;
        let status = operation["status"].as_str().unwrap_or_default();
        match operation["error"].as_str() {
            Some(error) => self.say(format_args!("{what} {id} {status}: {error}")),
            None => self.say(format_args!("{what} {id} {status}")),
        }
    }

    pub(super) async fn follow_to_the_end(&mut self) -> io::Result<()> {
        while !self.started.is_empty() {
            self.follow().await?;
            sleep(LOOK_PAUSE).await;
        }
        Ok(())
    }

    pub(super) fn sums(&mut self) -> io::Result<()> {
        let Sums {
            asked,
            accepted,
            refused,
            data,
            completed,
            failed,
            cancelled,
        } = self.sums;
        self.say(format_args!(
            "asked for {asked} operations ({accepted} accepted) and {data} times for data; {refused} refused; \
             {completed} completed, {failed} failed, {cancelled} cancelled"
        ))
    }

    /// The backend's answer, however long it takes to be back.
    async fn ask(
        &mut self,
        method: Method,
        path: &[&str],
        query: &[(&str, u32)],
        body: Option<&Value>,
    ) -> io::Result<Reply> {
        let url = endpoint(&self.backend, path);
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
                    self.say(format_args!("the backend answers again"))?;
                    return Ok(reply);
                }
                Ok(reply) => return Ok(reply),
                Err(error) if !away => self.away(&error)?,
                Err(_) => {}
            }
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    fn away(&mut self, error: &CallError) -> io::Result<()> {
        let cause = error.cause();
        let backend = self.backend.clone();
        self.say(format_args!("{backend} {error}: {cause}; trying again"))
    }
}

/// The body; null when it is not JSON.
fn json(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_default()
}
