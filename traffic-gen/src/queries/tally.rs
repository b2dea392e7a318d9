//! Counts queries and answers, and reports them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::{Found, Query};
use crate::error::Failure;
use crate::latency::{Latencies, Latency};
use crate::look_next::LookNext;
use crate::output::{self, per_second};
use crate::table::Table;

/// Counts by kind of query.
pub(super) struct Tally {
    run: String,
    seed: u64,
    start: Instant,
    kinds: BTreeMap<&'static str, KindTally>,
    /// Queries so far, for progress.
    queries: Arc<AtomicU64>,
}

#[derive(Default)]
struct KindTally {
    queries: u64,
    no_such_die: u64,
    failures: BTreeMap<Failure, u64>,
    latencies: Latencies,
}

impl Tally {
    pub(super) fn new(run: String, seed: u64) -> Self {
        Self {
            run,
            seed,
            start: Instant::now(),
            kinds: BTreeMap::new(),
            queries: Arc::default(),
        }
    }

    pub(super) fn progress(&self) -> impl Fn() -> String + Send + 'static {
        let queries = Arc::clone(&self.queries);
        let start = self.start;
        move || {
            let queries = queries.load(Ordering::Relaxed);
            let rate = per_second(queries, start.elapsed());
            format!("{queries} queries, {rate:.1}/s")
        }
    }

    pub(super) fn add(&mut self, query: &Query, found: Found, latency: Duration) {
        self.queries.fetch_add(1, Ordering::Relaxed);
        let kind = self.kinds.entry(query.kind()).or_default();
        kind.queries += 1;
        kind.latencies.record(latency);
        match found {
            Found::Fine => {}
            Found::NoSuchDie => kind.no_such_die += 1,
            Found::Failed(failure) => *kind.failures.entry(failure).or_default() += 1,
        }
    }

    pub(super) fn report(&self, target: Option<f64>, interrupted: bool) -> Report {
        let took = self.start.elapsed();
        let queries = self.kinds.values().map(|kind| kind.queries).sum();
        let kinds = self.kinds.iter().map(|(kind, tally)| Kind {
            kind,
            queries: tally.queries,
            no_such_die: tally.no_such_die,
            failures: tally
                .failures
                .iter()
                .map(|(f, n)| (f.to_string(), *n))
                .collect(),
            latency: tally.latencies.summary(),
        });
        Report {
            run: self.run.clone(),
            seed: self.seed,
            interrupted,
            seconds: took.as_secs_f64(),
            queries,
            queries_per_second: per_second(queries, took),
            target_queries_per_second: target,
            kinds: kinds.collect(),
        }
    }
}

/// What was sent to die-service.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// The attribute `traffic.run` of every root span.
    pub(crate) run: String,
    /// Repeats the same queries.
    pub(crate) seed: u64,
    /// Whether the run was stopped early.
    pub(crate) interrupted: bool,
    /// The duration of the run in seconds.
    pub(crate) seconds: f64,
    /// Queries answered or failed.
    pub(crate) queries: u64,
    /// Queries a second.
    pub(crate) queries_per_second: f64,
    /// The target rate, in `database` only.
    pub(crate) target_queries_per_second: Option<f64>,
    /// `get` and `list`.
    pub(crate) kinds: Vec<Kind>,
}

/// Queries of one kind.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Kind {
    /// `get` or `list`.
    pub(crate) kind: &'static str,
    /// Queries answered or failed.
    pub(crate) queries: u64,
    /// Queries for a die that does not exist.
    pub(crate) no_such_die: u64,
    /// Queries that failed, by status or reason.
    pub(crate) failures: BTreeMap<String, u64>,
    /// Latency of all queries, failed ones included.
    pub(crate) latency: Latency,
}

impl output::Report for Report {
    fn passed(&self) -> bool {
        self.queries > 0 && self.kinds.iter().all(|kind| kind.failures.is_empty())
    }

    fn look_next(&self) -> LookNext<'_> {
        LookNext {
            run: Some(&self.run),
            ..LookNext::default()
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles = ["query", "count", "no such die", "failures"];
        let mut table = Table::new(titles.into_iter().chain(Latency::TITLES));
        for kind in &self.kinds {
            let cells = [
                kind.kind.to_owned(),
                kind.queries.to_string(),
                kind.no_such_die.to_string(),
                output::counts(&kind.failures),
            ];
            table.row(cells.into_iter().chain(kind.latency.cells()));
        }
        let (queries, seconds, rate) = (self.queries, self.seconds, self.queries_per_second);
        write!(
            f,
            "{table}\n{queries} queries in {seconds:.1} s, {rate:.1}/s"
        )?;
        if let Some(target) = self.target_queries_per_second {
            write!(f, " (target: {target}/s)")?;
        }
        writeln!(f, "; --seed {} repeats the run", self.seed)?;
        Ok(())
    }
}
