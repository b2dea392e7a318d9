//! The registered workers: available, busy or lost.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::{Duration, Instant};

use serde::Serialize;
use telemetry::client::{http_url, shown};
use url::Url;
use utoipa::ToSchema;

use super::error::Error;
use crate::protocol::{MAX_URL, OperationType, Registration, is_id};

/// Maximum number of workers. Lost ones count, and make room for new ones.
const MAX_WORKERS: usize = 100;

/// How long a lost worker is listed.
const REMEMBERED: Duration = Duration::from_secs(15 * 60);

/// The state of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WorkerState {
    /// Has nothing to do
    Available,
    /// Is running an operation
    Busy,
    /// Has been silent for too long
    Lost,
}

impl WorkerState {
    pub(crate) const ALL: [Self; 3] = [Self::Available, Self::Busy, Self::Lost];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Busy => "busy",
            Self::Lost => "lost",
        }
    }
}

/// One attempt to run an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) operation_id: String,
    pub(crate) number: u32,
}

#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) kind: OperationType,
    pub(crate) url: Url,
    lease: u32,
    last_beat: Instant,
    /// When it became available; the worker that has waited longest is next.
    idle_since: Instant,
    pub(crate) current: Option<Attempt>,
    lost: bool,
}

impl Worker {
    fn state(&self) -> WorkerState {
        match (&self.current, self.lost) {
            (_, true) => WorkerState::Lost,
            (Some(_), false) => WorkerState::Busy,
            (None, false) => WorkerState::Available,
        }
    }
}

/// A worker, rendered for the API.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Worker)]
pub(crate) struct WorkerView {
    id: String,
    worker_type: OperationType,
    /// Where the backend reaches it, without credentials.
    url: String,
    state: WorkerState,
    /// The operation that it runs.
    #[schema(required)]
    operation_id: Option<String>,
    last_heard_seconds_ago: f64,
}

/// All workers, by id.
#[derive(Debug, Default)]
pub(crate) struct Workers(BTreeMap<String, Worker>);

impl Workers {
    /// Registers a worker and replaces an earlier one with its id. Returns the new lease, and the
    /// attempt that the earlier worker was running.
    pub(crate) fn register(
        &mut self,
        registration: Registration,
    ) -> Result<(u32, Option<Attempt>), Error> {
        let Registration {
            id,
            worker_type,
            url,
        } = registration;
        if !is_id(&id) {
            return Err(Error::Id("id"));
        }
        let length = url.as_str().len();
        if length > MAX_URL {
            let reason = format!("{length} bytes are too long, at most {MAX_URL} are allowed");
            return Err(Error::WorkerUrl(reason));
        }
        let url = http_url(url.as_str()).map_err(Error::WorkerUrl)?;
        if !self.0.contains_key(&id) && !self.make_room() {
            return Err(Error::TooManyWorkers(self.0.len()));
        }
        let lease = rand::random();
        let worker = Worker {
            kind: worker_type,
            url,
            lease,
            last_beat: Instant::now(),
            idle_since: Instant::now(),
            current: None,
            lost: false,
        };
        let earlier = self.0.insert(id, worker);
        Ok((lease, earlier.and_then(|worker| worker.current)))
    }

    /// Whether there is room for another worker, if necessary by removing the one lost longest.
    fn make_room(&mut self) -> bool {
        if self.0.len() < MAX_WORKERS {
            return true;
        }
        let lost = self.0.iter().filter(|(_, worker)| worker.lost);
        let longest = lost.min_by_key(|(_, worker)| worker.last_beat);
        let id = longest.map(|(id, _)| id.clone());
        id.is_some_and(|id| self.0.remove(&id).is_some())
    }

    /// The worker, if it still holds this lease.
    pub(crate) fn holding(&mut self, id: &str, lease: u32) -> Result<&mut Worker, Error> {
        let worker = self.0.get_mut(id);
        let holds = worker.filter(|worker| worker.lease == lease && !worker.lost);
        let worker = holds.ok_or_else(|| Error::NoLease(id.to_owned()))?;
        worker.last_beat = Instant::now();
        Ok(worker)
    }

    /// Removes a worker that holds this lease, even a lost one; returns its attempt.
    pub(crate) fn leave(&mut self, id: &str, lease: u32) -> Result<Option<Attempt>, Error> {
        match self.0.entry(id.to_owned()) {
            Entry::Occupied(worker) if worker.get().lease == lease => Ok(worker.remove().current),
            _ => Err(Error::NoLease(id.to_owned())),
        }
    }

    /// Marks workers as lost after `silence`, and removes those lost long ago. Returns the newly
    /// lost workers with their attempts.
    pub(crate) fn sweep(&mut self, silence: Duration) -> Vec<(String, Option<Attempt>)> {
        self.0
            .retain(|_, worker| !worker.lost || worker.last_beat.elapsed() < REMEMBERED);
        let silent = self
            .0
            .iter_mut()
            .filter(|(_, worker)| !worker.lost && worker.last_beat.elapsed() > silence);
        silent
            .map(|(id, worker)| {
                worker.lost = true;
                (id.clone(), worker.current.take())
            })
            .collect()
    }

    /// Marks the worker as lost if it runs `attempt`; returns whether it did.
    pub(crate) fn lose(&mut self, id: &str, attempt: &Attempt) -> bool {
        let Some(worker) = self.at(id, attempt) else {
            return false;
        };
        worker.lost = true;
        worker.current = None;
        true
    }

    /// Makes the worker available again if it runs `attempt`.
    pub(crate) fn release(&mut self, id: &str, attempt: &Attempt) {
        if let Some(worker) = self.at(id, attempt) {
            worker.current = None;
            worker.idle_since = Instant::now();
            worker.last_beat = Instant::now();
        }
    }

    fn at(&mut self, id: &str, attempt: &Attempt) -> Option<&mut Worker> {
        let worker = self.0.get_mut(id)?;
        (worker.current.as_ref() == Some(attempt)).then_some(worker)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Worker> {
        self.0.get(id)
    }

    /// The available worker that has waited longest, with its id.
    pub(crate) fn next_available(&mut self, kind: OperationType) -> Option<(&str, &mut Worker)> {
        let available = self
            .0
            .iter_mut()
            .filter(|(_, w)| w.kind == kind && w.state() == WorkerState::Available);
        available
            .min_by_key(|(_, worker)| worker.idle_since)
            .map(|(id, worker)| (id.as_str(), worker))
    }

    pub(crate) fn count(&self, kind: OperationType, state: WorkerState) -> usize {
        let of_kind = self.0.values().filter(|worker| worker.kind == kind);
        of_kind.filter(|worker| worker.state() == state).count()
    }

    /// All workers, rendered for the API.
    pub(crate) fn views(&self) -> Vec<WorkerView> {
        let view = |(id, worker): (&String, &Worker)| WorkerView {
            id: id.clone(),
            worker_type: worker.kind,
            url: shown(&worker.url).to_string(),
            state: worker.state(),
            operation_id: worker.current.as_ref().map(|it| it.operation_id.clone()),
            last_heard_seconds_ago: worker.last_beat.elapsed().as_secs_f64(),
        };
        self.0.iter().map(view).collect()
    }
}
