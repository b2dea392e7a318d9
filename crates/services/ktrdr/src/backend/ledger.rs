//! The operations: waiting, running, and the last ones that ended. They are in memory only: a
//! restart of the backend forgets them.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::Value;
use telemetry::Cause;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;

use super::metrics::Requeue;
use super::workers::Attempt;
use crate::jobs::{Job, Parameters};
use crate::protocol::{Assignment, OperationType, Status};

/// Number of ended operations to keep; the oldest are removed first.
const HISTORY: usize = 1000;

/// How often an operation is retried after its worker was lost.
const MAX_RETRIES: u32 = 1;

/// Maximum number of failed deliveries: more than a few workers dying together can explain.
const MAX_UNDELIVERED: u32 = 5;

#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) job: Job,
    pub(crate) status: Status,
    /// Number of attempts so far.
    pub(crate) attempt: u32,
    /// How often its worker was lost.
    losses: u32,
    /// How often a worker could not be reached or did not accept it.
    undelivered: u32,
    /// The worker that runs it, or ran it last.
    pub(crate) worker: Option<String>,
    pub(crate) progress: f64,
    /// The context of its `operation.register` span.
    pub(crate) cause: Cause,
    created: OffsetDateTime,
    started: Option<(OffsetDateTime, Instant)>,
    ended: Option<OffsetDateTime>,
    /// JSON as text: parsed, the same bytes could need many times the memory.
    result: Option<Box<str>>,
    error: Option<String>,
}

impl Operation {
    pub(crate) fn kind(&self) -> OperationType {
        self.job.operation_type()
    }

    /// Counts a failed attempt on `worker`; returns the reason if there must not be another
    /// attempt.
    pub(crate) fn give_up(&mut self, worker: &str, reason: Requeue) -> Option<String> {
        match reason {
            Requeue::WorkerLost => self.losses += 1,
            Requeue::Undelivered => self.undelivered += 1,
            Requeue::HandedBack => {}
        }
        if self.losses > MAX_RETRIES {
            return Some(format!(
                "lost twice: worker {worker} stopped answering, like an earlier one"
            ));
        }
        (self.undelivered >= MAX_UNDELIVERED).then(|| {
            let times = self.undelivered;
            format!("could not be delivered {times} times, the last time to worker {worker}")
        })
    }

    /// Renders the operation for the API.
    pub(crate) fn view(&self, id: &str) -> OperationView {
        let parse = |text| serde_json::from_str(text).unwrap_or_default();
        OperationView {
            operation_id: id.to_owned(),
            operation_type: self.kind(),
            status: self.status,
            attempt: self.attempt,
            worker: self.worker.clone(),
            progress: self.progress,
            parameters: self.job.clone().into(),
            result: self.result.as_deref().map(parse),
            error: self.error.clone(),
            created_at: timestamp(self.created),
            started_at: self.started.map(|(at, _)| timestamp(at)),
            ended_at: self.ended.map(timestamp),
        }
    }
}

/// An operation as the API shows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Operation)]
pub(crate) struct OperationView {
    operation_id: String,
    operation_type: OperationType,
    status: Status,
    /// How often it was given to a worker.
    attempt: u32,
    /// Who has it, or had it last.
    #[schema(required)]
    worker: Option<String>,
    /// The share that is done, 0 to 1.
    progress: f64,
    parameters: Parameters,
    /// What it was done for, once it is completed.
    #[schema(required)]
    result: Option<Value>,
    /// Why it failed.
    #[schema(required)]
    error: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime, required)]
    started_at: Option<String>,
    #[schema(format = DateTime, required)]
    ended_at: Option<String>,
}

fn timestamp(at: OffsetDateTime) -> String {
    at.format(&Rfc3339)
        .expect("the clock's year has four digits")
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    operations: BTreeMap<String, Operation>,
    queues: BTreeMap<OperationType, VecDeque<String>>,
    ended: VecDeque<String>,
}

impl Ledger {
    /// An unused id: 16 hexadecimal digits that sort by time.
    pub(crate) fn vacant_id(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let millis = now.unwrap_or_default().as_millis();
        let id = || format!("{millis:011x}{:05x}", rand::random::<u32>() >> 12);
        let mut ids = std::iter::repeat_with(id);
        ids.find(|id| !self.operations.contains_key(id))
            .expect("the iterator has no end")
    }

    /// Adds a new operation to the end of its queue.
    pub(crate) fn add(&mut self, id: String, job: Job, cause: Cause) {
        let operation = Operation {
            job,
            status: Status::Pending,
            attempt: 0,
            losses: 0,
            undelivered: 0,
            worker: None,
            progress: 0.0,
            cause,
            created: OffsetDateTime::now_utc(),
            started: None,
            ended: None,
            result: None,
            error: None,
        };
        self.queue(operation.kind()).push_back(id.clone());
        self.operations.insert(id, operation);
    }

    fn queue(&mut self, kind: OperationType) -> &mut VecDeque<String> {
        self.queues.entry(kind).or_default()
    }

    pub(crate) fn waiting(&self, kind: OperationType) -> usize {
        self.queues.get(&kind).map_or(0, VecDeque::len)
    }

    pub(crate) fn running(&self, kind: OperationType) -> usize {
        let running = self.operations.values();
        running
            .filter(|o| o.kind() == kind && o.status == Status::Running)
            .count()
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Operation> {
        self.operations.get(id)
    }

    /// The operation, if this attempt is running.
    pub(crate) fn at(&mut self, attempt: &Attempt) -> Option<&mut Operation> {
        let operation = self.operations.get_mut(&attempt.operation_id)?;
        let current = operation.status == Status::Running && operation.attempt == attempt.number;
        current.then_some(operation)
    }

    /// The operations, newest first.
    pub(crate) fn newest(&self) -> impl Iterator<Item = (&String, &Operation)> {
        self.operations.iter().rev()
    }

    /// Starts the next operation of the queue on `worker`.
    pub(crate) fn start_next(
        &mut self,
        kind: OperationType,
        worker: &str,
    ) -> Option<(Assignment, Cause)> {
        let id = self.queue(kind).pop_front()?;
        let operation = self.operations.get_mut(&id)?;
        operation.status = Status::Running;
        operation.attempt += 1;
        operation.worker = Some(worker.to_owned());
        operation.progress = 0.0;
        operation.started = Some((OffsetDateTime::now_utc(), Instant::now()));
        let assignment = Assignment {
            operation_id: id,
            attempt: operation.attempt,
            job: operation.job.clone(),
        };
        Some((assignment, operation.cause.clone()))
    }

    /// Puts a running operation back at the front of its queue, which may exceed its capacity.
    pub(crate) fn requeue(&mut self, id: &str) {
        if let Some(operation) = self.operations.get_mut(id) {
            operation.status = Status::Pending;
            operation.progress = 0.0;
            let kind = operation.kind();
            self.queue(kind).push_front(id.to_owned());
        }
    }

    /// Ends an operation; returns how long its last attempt took, if there was one.
    pub(crate) fn end(
        &mut self,
        id: &str,
        status: Status,
        result: Option<Value>,
        error: Option<String>,
    ) -> Option<Duration> {
        let operation = self.operations.get_mut(id)?;
        let waited = operation.status == Status::Pending;
        operation.status = status;
        operation.ended = Some(OffsetDateTime::now_utc());
        if result.is_some() {
            operation.progress = 1.0;
        }
        operation.result = result.map(|value| value.to_string().into());
        operation.error = error;
        let took = operation.started.map(|(_, at)| at.elapsed());
        if waited {
            let kind = operation.kind();
            self.queue(kind).retain(|waiting| waiting != id);
        }
        self.ended.push_back(id.to_owned());
        if self.ended.len() > HISTORY
            && let Some(first) = self.ended.pop_front()
        {
            self.operations.remove(&first);
        }
        took
    }
}
