//! What a user can request from the frontend, and what the answer means.

use std::time::{Duration, Instant};

use base_url::endpoint;
use dice::{BatchSize, Catalogue};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use telemetry::client::{Client, Reply};
use tracing::{Instrument, Span, field, info_span};
use url::{Url, form_urlencoded};

use crate::cookies::Cookies;
use crate::error::Failure;

/// One request of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    /// Opens the page, at the beginning of a session.
    Page,
    /// Sets a name for the session.
    SignIn { name: &'static str },
    /// One roll.
    Roll { die: String },
    /// A batch of concurrent rolls.
    Batch { die: String, size: BatchSize },
    /// Ends the session.
    SignOut,
}

impl Request {
    /// The number of rolls requested.
    pub(crate) fn rolls(&self) -> u64 {
        match self {
            Self::Page | Self::SignIn { .. } | Self::SignOut => 0,
            Self::Roll { .. } => 1,
            Self::Batch { size, .. } => u64::from(size.get()),
        }
    }

    /// The route, for reports.
    pub(crate) fn route(&self) -> &'static str {
        match self {
            Self::Page => "/",
            Self::SignIn { .. } => "/sign-in",
            Self::Roll { .. } => "/roll",
            Self::Batch { .. } => "/roll-async",
            Self::SignOut => "/sign-out",
        }
    }

    fn method(&self) -> Method {
        match self {
            Self::SignIn { .. } | Self::SignOut => Method::POST,
            Self::Page | Self::Roll { .. } | Self::Batch { .. } => Method::GET,
        }
    }

    pub(crate) fn url(&self, base: &Url) -> Url {
        match self {
            Self::Page | Self::SignIn { .. } | Self::SignOut => endpoint(base, self.route(), &[]),
            Self::Roll { die } => endpoint(base, self.route(), &[("die", die)]),
            Self::Batch { die, size } => {
                let times = size.get().to_string();
                endpoint(base, self.route(), &[("die", die), ("times", &times)])
            }
        }
    }

    /// Adds the form, if the request has one.
    fn complete(&self, request: RequestBuilder) -> RequestBuilder {
        let Self::SignIn { name } = self else {
            return request;
        };
        let mut form = form_urlencoded::Serializer::new(String::new());
        let form = form.append_pair("name", name).finish();
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        request.body(form)
    }

    fn die(&self) -> Option<&str> {
        match self {
            Self::Page | Self::SignIn { .. } | Self::SignOut => None,
            Self::Roll { die } | Self::Batch { die, .. } => Some(die),
        }
    }

    /// The root span of the trace: the user's action, above the CLIENT span of the call.
    fn span(&self, run: &str, user: u64) -> Span {
        let name = match self {
            Self::Page => "user opens page",
            Self::SignIn { .. } => "user signs in",
            Self::Roll { .. } => "user rolls",
            Self::Batch { .. } => "user rolls a batch",
            Self::SignOut => "user signs out",
        };
        let size = match self {
            Self::Batch { size, .. } => Some(size.get()),
            _ => None,
        };
        info_span!(
            parent: None,
            "user",
            otel.name = name,
            otel.status_code = field::Empty,
            "error.type" = field::Empty,
            "traffic.run" = run,
            "traffic.user" = user,
            "die.type" = self.die(),
            "async.batch_size" = size,
        )
    }
}

/// The meaning of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The answer is as expected.
    Fine,
    /// The roll failed because of the die's error rate.
    RollFailed,
    /// The die does not exist, and was not expected to.
    NoSuchDie,
    /// The service has no sign-in; everything else works without it.
    NotOffered,
    /// The request failed.
    Failed(Failure),
}

/// An answer, or why there is none.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    /// From sending to the last byte.
    pub(crate) latency: Duration,
    /// 32 hexadecimal digits; none if tracing is off.
    pub(crate) trace_id: Option<String>,
    /// The `detail` of an error answer.
    pub(crate) detail: Option<String>,
}

/// Sends requests to one frontend, each in its own trace.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    client: Client,
    base: Url,
    timeout: Duration,
    /// The dice that exist, with their error rates.
    dice: Catalogue,
    /// Attribute of every root span; finds the run in Tempo.
    run: String,
}

impl Sender {
    pub(crate) fn new(base: &Url, timeout: Duration, run: &str) -> Self {
        Self {
            client: Client::without_redirects(),
            base: base.clone(),
            timeout,
            dice: Catalogue::embedded(),
            run: run.to_owned(),
        }
    }

    /// Sends a request outside of a session.
    pub(crate) async fn send(&self, user: u64, request: &Request) -> Answer {
        self.send_in(&mut Cookies::default(), user, request).await
    }

    /// Sends a request in the session that `cookies` identify. Redirects are not followed.
    pub(crate) async fn send_in(
        &self,
        cookies: &mut Cookies,
        user: u64,
        request: &Request,
    ) -> Answer {
        let span = request.span(&self.run, user);
        let exchange = self.exchange(cookies, request);
        let answer = exchange.instrument(span.clone()).await;
        if let Outcome::Failed(failure) = answer.outcome {
            span.record("error.type", failure.to_string());
            span.record("otel.status_code", "ERROR");
        }
        answer
    }

    async fn exchange(&self, cookies: &mut Cookies, request: &Request) -> Answer {
        let start = Instant::now();
        let url = request.url(&self.base);
        let sending = self.client.send(request.method(), url, |builder| {
            request.complete(cookies.accompany(builder.timeout(self.timeout)))
        });
        let reply = sending.await;
        let latency = start.elapsed();
        let (outcome, detail) = match reply {
            Ok(reply) => {
                cookies.follow(&reply.headers);
                (self.judge(request, &reply), detail(&reply))
            }
            Err(error) => (Outcome::Failed((&error).into()), None),
        };
        Answer {
            outcome,
            latency,
            trace_id: telemetry::trace_id(),
            detail,
        }
    }

    fn judge(&self, request: &Request, reply: &Reply) -> Outcome {
        let die = request.die().map(|die| self.dice.get(die));
        let status = reply.status.as_u16();
        let is_form = request.method() == Method::POST;
        match (status, die) {
            (404, Some(None)) => Outcome::NoSuchDie,
            (404, None) if is_form => Outcome::NotOffered,
            (303, None) if is_form => Outcome::Fine,
            (500, Some(Some(die))) if die.specification.error_rate > 0.0 => Outcome::RollFailed,
            (200, _) if is_as_requested(request, &reply.body) => Outcome::Fine,
            (200, _) => Outcome::Failed(Failure::Malformed),
            _ => Outcome::Failed(Failure::Status(status)),
        }
    }
}

/// Whether the body of a 200 matches the request: the number of rolls, and their total.
fn is_as_requested(request: &Request, body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Roll {
        #[serde(rename = "roll")]
        _roll: u8,
    }
    #[derive(Deserialize)]
    struct Batch {
        total: u32,
        rolls: Vec<u8>,
        count: usize,
    }
    match request {
        Request::Page => true,
        Request::SignIn { .. } | Request::SignOut => false,
        Request::Roll { .. } => serde_json::from_slice::<Roll>(body).is_ok(),
        Request::Batch { size, .. } => serde_json::from_slice(body).is_ok_and(|batch: Batch| {
            let total: u32 = batch.rolls.iter().copied().map(u32::from).sum();
            batch.count == usize::from(size.get())
                && batch.rolls.len() == batch.count
                && batch.total == total
        }),
    }
}

fn detail(reply: &Reply) -> Option<String> {
    #[derive(Deserialize)]
    struct Problem {
        detail: String,
    }
    if reply.status.is_success() {
        return None;
    }
    let problem: Problem = serde_json::from_slice(&reply.body).ok()?;
    Some(problem.detail)
}
