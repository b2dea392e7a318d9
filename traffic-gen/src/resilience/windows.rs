//! The run, second by second.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::hop::Hop;

/// The results of the requests that were due in one second.
#[derive(Debug, Default, Clone)]
pub(super) struct Second {
    pub(super) answered: u64,
    /// By status or reason, and by the service that caused the failure.
    pub(super) failures: BTreeMap<(String, Hop), u64>,
}

impl Second {
    pub(super) fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    /// Whether all requests succeeded. A second without requests is neither clean nor an outage.
    pub(super) fn is_clean(&self) -> bool {
        self.answered > 0 && self.failures.is_empty()
    }
}

/// All seconds of a run.
pub(super) struct Windows {
    pub(super) seconds: Vec<Second>,
    answered: Arc<AtomicU64>,
    failed: Arc<AtomicU64>,
}

impl Windows {
    pub(super) fn new(duration: Duration) -> Self {
        let seconds = usize::try_from(duration.as_secs()).unwrap_or(usize::MAX);
        Self {
            seconds: vec![Second::default(); seconds],
            answered: Arc::default(),
            failed: Arc::default(),
        }
    }

    /// Counts a request that was due `after` the start.
    pub(super) fn add(&mut self, after: Duration, failure: Option<(String, Hop)>) {
        let index = usize::try_from(after.as_secs()).unwrap_or(usize::MAX);
        let Some(second) = self.seconds.get_mut(index) else {
            return;
        };
        match failure {
            None => {
                second.answered += 1;
                self.answered.fetch_add(1, Ordering::Relaxed);
            }
            Some(failure) => {
                *second.failures.entry(failure).or_default() += 1;
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Drops the seconds that begin later than `after` the start.
    pub(super) fn end(&mut self, after: Duration) {
        let seconds = usize::try_from(after.as_secs()).unwrap_or(usize::MAX);
        self.seconds.truncate(seconds.saturating_add(1));
    }

    pub(super) fn progress(&self) -> impl Fn() -> String + Send + 'static {
        let (answered, failed) = (Arc::clone(&self.answered), Arc::clone(&self.failed));
        move || {
            let answered = answered.load(Ordering::Relaxed);
            let failed = failed.load(Ordering::Relaxed);
            format!("{answered} rolls answered, {failed} failed")
        }
    }

    /// The longest run of consecutive seconds with failures: its first second and its length.
    pub(super) fn longest_outage(&self) -> Option<(usize, usize)> {
        let mut longest = None;
        let mut begin = None;
        for (index, second) in self.seconds.iter().enumerate() {
            if second.failures.is_empty() {
                begin = None;
                continue;
            }
            let first = *begin.get_or_insert(index);
            let length = index - first + 1;
            if longest.is_none_or(|(_, known)| length > known) {
                longest = Some((first, length));
            }
        }
        longest
    }

    /// The end of the last second with failures, if it is later than `after` and the last second
    /// with requests is clean.
    pub(super) fn outage_end(&self, after: Duration) -> Option<Duration> {
        let last = |is_it: fn(&Second) -> bool| self.seconds.iter().rposition(is_it);
        let failed = last(|second| !second.failures.is_empty())?;
        let end = Duration::from_secs(failed as u64 + 1);
        (last(Second::is_clean) > Some(failed) && end > after).then_some(end)
    }

    /// The start of the first clean second that began at `after` or later.
    pub(super) fn first_clean(&self, after: Duration) -> Option<Duration> {
        let starts = (0..).map(Duration::from_secs);
        let mut seconds = starts.zip(&self.seconds);
        seconds
            .find(|(start, second)| *start >= after && second.is_clean())
            .map(|(start, _)| start)
    }
}
