//! One probe: a request for rolls, and what its answer means.

use std::time::{Duration, Instant};

use base_url::endpoint;
use dice::{BatchSize, OWN_FAILURE};
use serde::Deserialize;
use telemetry::client::{CallError, Client, Reply};
use tracing::{Instrument, Span, field, info_span};
use url::Url;

/// How a probe ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A roll, or a batch of rolls.
    Success,
    /// The die failed because of its own error rate: the system works.
    DieError,
    /// A status that is neither of the two.
    HttpError,
    /// A 200 without the requested rolls, or with a value that the die does not have.
    InvalidAnswer,
    /// No complete answer in time.
    Timeout,
    /// No connection, or it broke.
    Unreachable,
}

impl Outcome {
    /// All outcomes: the series of a die.
    pub(crate) const ALL: [Self; 6] = [
        Self::Success,
        Self::DieError,
        Self::HttpError,
        Self::InvalidAnswer,
        Self::Timeout,
        Self::Unreachable,
    ];

    /// Its label value.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::DieError => "die_error",
            Self::HttpError => "http_error",
            Self::InvalidAnswer => "invalid_answer",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
        }
    }

    /// Whether the system did what it promises.
    pub(crate) fn is_success(self) -> bool {
        matches!(self, Self::Success | Self::DieError)
    }
}

/// The result of a probe.
#[derive(Debug)]
pub(crate) struct Result {
    pub(crate) outcome: Outcome,
    /// From the request to the end of the answer.
    pub(crate) duration: Duration,
    /// The values, if it succeeded.
    pub(crate) rolls: Vec<u8>,
    /// What was wrong, for a log line.
    pub(crate) cause: String,
    /// The root of its trace.
    pub(crate) span: Span,
}

/// The request for rolls of one die.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    client: Client,
    url: Url,
    timeout: Duration,
    die: String,
    rolls: usize,
}

impl Probe {
    /// A probe that requests a roll or a batch at `base`.
    pub(crate) fn new(
        client: Client,
        base: &Url,
        die: &str,
        batch: BatchSize,
        timeout: Duration,
    ) -> Self {
        let rolls = usize::from(batch.get());
        let path = if rolls == 1 { "/roll" } else { "/roll-async" };
        let mut url = endpoint(base, path, &[]);
        url.query_pairs_mut().append_pair("die", die);
        if rolls > 1 {
            let times = batch.to_string();
            url.query_pairs_mut().append_pair("times", &times);
        }
        Self {
            client,
            url,
            timeout,
            die: die.to_owned(),
            rolls,
        }
    }

    /// Sends the request and reads the answer.
    pub(crate) async fn send(self) -> Result {
        let span = info_span!(
            "probe",
            "die.type" = self.die,
            otel.status_code = field::Empty
        );
        let start = Instant::now();
        let get = self.client.get(self.url, self.timeout);
        let reply = get.instrument(span.clone()).await;
        let duration = start.elapsed();
        let (outcome, rolls, cause) = match interpret(reply, self.rolls) {
            Ok(rolls) => (Outcome::Success, rolls, String::new()),
            Err((outcome, cause)) => (outcome, Vec::new(), cause),
        };
        if !outcome.is_success() {
            span.record("otel.status_code", "ERROR");
        }
        Result {
            outcome,
            duration,
            rolls,
            cause,
            span,
        }
    }
}

/// Both forms of an answer.
#[derive(Deserialize)]
struct Answer {
    roll: Option<u8>,
    rolls: Option<Vec<u8>>,
}

/// The rolls in an answer, or why there are none.
fn interpret(
    reply: std::result::Result<Reply, CallError>,
    expected: usize,
) -> std::result::Result<Vec<u8>, (Outcome, String)> {
    let reply = reply.map_err(|error| {
        let outcome = match error {
            CallError::Timeout(_) => Outcome::Timeout,
            CallError::Unreachable(_) => Outcome::Unreachable,
        };
        (outcome, error.cause())
    })?;
    let text = || telemetry::bounded(&String::from_utf8_lossy(&reply.body)).to_string();
    match reply.status.as_u16() {
        200 => {}
        500 if String::from_utf8_lossy(&reply.body).contains(OWN_FAILURE) => {
            return Err((Outcome::DieError, String::new()));
        }
        status => return Err((Outcome::HttpError, format!("{status}: {}", text()))),
    }
    let answer: Option<Answer> = serde_json::from_slice(&reply.body).ok();
    let rolls = answer.and_then(|answer| answer.rolls.or(answer.roll.map(|roll| vec![roll])));
    let rolls = rolls.filter(|rolls| rolls.len() == expected);
    rolls.ok_or_else(|| {
        (
            Outcome::InvalidAnswer,
            format!("no {expected} rolls: {}", text()),
        )
    })
}
