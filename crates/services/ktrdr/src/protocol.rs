//! What the backend and its workers say to each other, as JSON.
//!
//! A worker registers and gets a lease, then beats. The backend posts it an `Assignment`, the
//! worker answers 202 at once and posts a `Report` when it is done. An operation that has to be
//! done again gets a new attempt number, so that a report of the old attempt can be refused.

use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use telemetry::client::Reply;
use url::Url;
use utoipa::ToSchema;

use crate::jobs::Job;
use crate::schema::{Id, Number, WorkerUrl};

/// The kinds of operations, and of workers.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum OperationType {
    /// Replays a strategy over a price series
    Backtest,
    /// Fits a model to data
    Training,
}

impl OperationType {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Backtest, Self::Training];

    /// As in labels and log lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backtest => "backtest",
            Self::Training => "training",
        }
    }
}

/// Where an operation is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Waits for a worker
    Pending,
    /// A worker has it
    Running,
    /// Done, with a result
    Completed,
    /// Ended for the reason in `error`
    Failed,
    /// Stopped by a client
    Cancelled,
}

impl Status {
    /// Those that last.
    pub const FINAL: [Self; 3] = [Self::Completed, Self::Failed, Self::Cancelled];

    /// As in answers, spans and log lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// As in the labels of metrics.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn is_final(self) -> bool {
        Self::FINAL.contains(&self)
    }
}

/// `POST /api/v1/workers`: a worker is there and has nothing to do.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(description = "A worker that is there and has nothing to do.")]
pub(crate) struct Registration {
    #[schema(value_type = Id)]
    pub(crate) id: String,
    pub(crate) worker_type: OperationType,
    /// Where the backend reaches it.
    #[schema(value_type = WorkerUrl)]
    pub(crate) url: Url,
}

/// Most bytes of a worker's URL.
pub(crate) const MAX_URL: usize = 1024;

/// What an id of an operation or a worker must be, for people.
pub(crate) const IDS: &str =
    "an id has 1 to 64 characters, no control characters among them, and is not . or ..";

/// Whether it can be the id of an operation or a worker: it must come through as one segment of a
/// path, and it is kept in spans, lines and answers.
pub(crate) fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.chars().count())
        && !id.contains(char::is_control)
        && !matches!(id, "." | "..")
}

/// The answer to a [`Registration`]: the lease ends a second registration, or by silence.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[schema(description = "The lease of a registration.")]
pub(crate) struct Lease {
    #[schema(value_type = Number)]
    pub(crate) lease: u32,
    /// How often to beat.
    pub(crate) heartbeat_ms: u64,
}

impl Lease {
    /// From one beat to the next, at least a millisecond.
    pub(crate) fn heartbeat(self) -> Duration {
        Duration::from_millis(self.heartbeat_ms.max(1))
    }
}

/// `POST /api/v1/workers/{id}/heartbeat`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(description = "A worker that is still there.")]
pub(crate) struct Beat {
    #[schema(value_type = Number)]
    pub(crate) lease: u32,
    pub(crate) running: Option<Running>,
}

/// What a worker is at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(description = "What a worker is running.")]
pub(crate) struct Running {
    pub(crate) operation_id: String,
    #[schema(value_type = Number)]
    pub(crate) attempt: u32,
    /// The share that is done, 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    pub(crate) progress: f64,
}

/// The answer to a [`Beat`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[schema(description = "The answer to a heartbeat.")]
pub(crate) struct BeatReply {
    /// Whether what runs is no longer wanted.
    pub(crate) stop: bool,
}

/// `POST /api/v1/runs` of a worker: do this.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(description = "An operation for a worker.")]
pub(crate) struct Assignment {
    #[schema(value_type = Id)]
    pub(crate) operation_id: String,
    /// 1 for the first.
    #[schema(value_type = Number)]
    pub(crate) attempt: u32,
    pub(crate) job: Job,
}

/// The query of `POST /api/v1/runs/{id}/cancel` of a worker: stop that attempt, and no other.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Cancel {
    /// The attempt to stop.
    #[param(inline, value_type = Number)]
    pub(crate) attempt: u32,
}

/// `POST /api/v1/operations/{id}/report`: that is what became of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(description = "What became of an attempt.")]
pub(crate) struct Report {
    #[schema(value_type = Id)]
    pub(crate) worker_id: String,
    #[schema(value_type = Number)]
    pub(crate) attempt: u32,
    pub(crate) outcome: Outcome,
}

/// Most bytes of a result, as JSON, and of an error; a result has about 300.
pub(crate) const MAX_OUTCOME: usize = 1024;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(description = "How a run ended. Result, as JSON, and error have at most 1024 bytes.")]
#[serde(tag = "status", rename_all = "UPPERCASE")]
pub(crate) enum Outcome {
    /// Done.
    Completed {
        /// What it was done for.
        result: Value,
    },
    /// It went wrong.
    Failed {
        /// The reason.
        #[schema(max_length = 1024)]
        error: String,
    },
    /// Stopped by a client.
    Cancelled,
}

impl Outcome {
    pub(crate) fn status(&self) -> Status {
        match self {
            Self::Completed { .. } => Status::Completed,
            Self::Failed { .. } => Status::Failed,
            Self::Cancelled => Status::Cancelled,
        }
    }

    /// Bytes of the result, as JSON, or of the error.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Completed { result } => result.to_string().len(),
            Self::Failed { error } => error.len(),
            Self::Cancelled => 0,
        }
    }
}

/// The URL of a path, given by its segments, on another server.
pub(crate) fn endpoint(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    url.path_segments_mut()
        .expect("http URLs have a path")
        .clear()
        .extend(path);
    url
}

/// The body of a 2xx answer; none if it is another answer, or not what was agreed.
pub(crate) fn accepted<T: for<'de> Deserialize<'de>>(reply: &Reply) -> Option<T> {
    let json = reply.status.is_success().then_some(&reply.body)?;
    serde_json::from_slice(json).ok()
}
