//! The messages between the backend and its workers, as JSON.
//!
//! A worker registers, gets a lease, and sends heartbeats. The backend posts an `Assignment`; the
//! worker answers 202 at once and posts a `Report` when it is done. A retried operation has a new
//! attempt number, so the backend can reject reports of the old attempt.

use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use telemetry::client::Reply;
use url::Url;
use utoipa::ToSchema;

use crate::jobs::Job;
use crate::schema::{Id, Number, WorkerUrl};

/// The types of operations and of workers.
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
    /// Both types.
    pub const ALL: [Self; 2] = [Self::Backtest, Self::Training];

    /// The name in labels and log lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backtest => "backtest",
            Self::Training => "training",
        }
    }
}

/// The status of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Waits for a worker
    Pending,
    /// Runs on a worker
    Running,
    /// Ended with a result
    Completed,
    /// Ended for the reason in `error`
    Failed,
    /// Stopped by a client
    Cancelled,
}

impl Status {
    /// The statuses of ended operations.
    pub const FINAL: [Self; 3] = [Self::Completed, Self::Failed, Self::Cancelled];

    /// The name in answers, spans and log lines.
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

    /// The name in the labels of metrics.
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

/// `POST /api/v1/workers`: a worker registers as idle.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(description = "A worker that registers as idle.")]
pub(crate) struct Registration {
    #[schema(value_type = Id)]
    pub(crate) id: String,
    pub(crate) worker_type: OperationType,
    /// The URL at which the backend reaches it.
    #[schema(value_type = WorkerUrl)]
    pub(crate) url: Url,
}

/// Maximum length of a worker's URL in bytes.
pub(crate) const MAX_URL: usize = 1024;

/// The rules for ids of operations and workers, as text.
pub(crate) const IDS: &str =
    "an id has 1 to 64 characters, no control characters, and is not . or ..";

/// Whether it is a valid id of an operation or a worker: it must fit into one segment of a path,
/// and it is kept in spans, lines and answers.
pub(crate) fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.chars().count())
        && !id.contains(char::is_control)
        && !matches!(id, "." | "..")
}

/// The answer to a [`Registration`]. The lease ends with the next registration, or without
/// heartbeats.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[schema(description = "The lease of a registration.")]
pub(crate) struct Lease {
    #[schema(value_type = Number)]
    pub(crate) lease: u32,
    /// The heartbeat interval.
    pub(crate) heartbeat_ms: u64,
}

impl Lease {
    /// The heartbeat interval, at least a millisecond.
    pub(crate) fn heartbeat(self) -> Duration {
        Duration::from_millis(self.heartbeat_ms.max(1))
    }
}

/// `POST /api/v1/workers/{id}/heartbeat`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(description = "A heartbeat of a worker.")]
pub(crate) struct Beat {
    #[schema(value_type = Number)]
    pub(crate) lease: u32,
    pub(crate) running: Option<Running>,
}

/// The operation that a worker runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(description = "The operation that a worker runs.")]
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
    /// Whether the worker must stop its run.
    pub(crate) stop: bool,
}

/// `POST /api/v1/runs` of a worker: run an operation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(description = "An operation for a worker.")]
pub(crate) struct Assignment {
    #[schema(value_type = Id)]
    pub(crate) operation_id: String,
    /// The attempt, from 1.
    #[schema(value_type = Number)]
    pub(crate) attempt: u32,
    pub(crate) job: Job,
}

/// The query of `POST /api/v1/runs/{id}/cancel` of a worker: stops this attempt only.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Cancel {
    /// The attempt to stop.
    #[param(inline, value_type = Number)]
    pub(crate) attempt: u32,
}

/// `POST /api/v1/operations/{id}/report`: the outcome of an attempt.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(description = "The outcome of an attempt.")]
pub(crate) struct Report {
    #[schema(value_type = Id)]
    pub(crate) worker_id: String,
    #[schema(value_type = Number)]
    pub(crate) attempt: u32,
    pub(crate) outcome: Outcome,
}

/// Maximum bytes of a result, as JSON, or of an error; a result has about 300.
pub(crate) const MAX_OUTCOME: usize = 1024;

/// The outcome of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(description = "The outcome of a run. Result, as JSON, and error have at most 1024 bytes.")]
#[serde(tag = "status", rename_all = "UPPERCASE")]
pub(crate) enum Outcome {
    /// The run completed.
    Completed {
        /// The result.
        result: Value,
    },
    /// The run failed.
    Failed {
        /// The reason.
        #[schema(max_length = 1024)]
        error: String,
    },
    /// A client cancelled the operation.
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

    /// The length in bytes of the result, as JSON, or of the error.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Completed { result } => result.to_string().len(),
            Self::Failed { error } => error.len(),
            Self::Cancelled => 0,
        }
    }
}

/// The body of a 2xx answer; none for other answers and unexpected bodies.
pub(crate) fn accepted<T: for<'de> Deserialize<'de>>(reply: &Reply) -> Option<T> {
    let json = reply.status.is_success().then_some(&reply.body)?;
    serde_json::from_slice(json).ok()
}
