//! Counts what the users did, and reports it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;
use url::Url;

use crate::error::Failure;
use crate::latency::{Latencies, Latency, Millis};
use crate::look_next::LookNext;
use crate::output;
use crate::request::{Answer, Outcome, Request};
use crate::table::Table;

/// Counts by route. Two of them can be merged.
#[derive(Debug, Default)]
pub(super) struct Tally {
    routes: BTreeMap<&'static str, RouteTally>,
    slowest: Option<(Duration, String)>,
}

#[derive(Debug, Default)]
struct RouteTally {
    requests: u64,
    rolls: u64,
    rolls_failed: u64,
    no_such_die: u64,
    not_offered: u64,
    failures: BTreeMap<Failure, u64>,
    latencies: Latencies,
}

impl Tally {
    pub(super) fn add(&mut self, request: &Request, answer: &Answer) {
        let route = self.routes.entry(request.route()).or_default();
        route.requests += 1;
        route.latencies.record(answer.latency);
        match answer.outcome {
            Outcome::Fine => route.rolls += request.rolls(),
            Outcome::RollFailed => route.rolls_failed += 1,
            Outcome::NoSuchDie => route.no_such_die += 1,
            Outcome::NotOffered => route.not_offered += 1,
            Outcome::Failed(failure) => *route.failures.entry(failure).or_default() += 1,
        }
        if let Some(trace_id) = &answer.trace_id {
            self.consider((answer.latency, trace_id.clone()));
        }
    }

    fn consider(&mut self, slow: (Duration, String)) {
        if self.slowest.as_ref().is_none_or(|known| *known < slow) {
            self.slowest = Some(slow);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (route, counts) in other.routes {
            self.routes.entry(route).or_default().merge(&counts);
        }
        if let Some(slow) = other.slowest {
            self.consider(slow);
        }
    }

    pub(super) fn report(self, run: Run) -> Report {
        let routes: Vec<Route> = self.routes.into_iter().map(Route::from).collect();
        let rolls = routes.iter().map(|route| route.rolls).sum();
        let seconds = run.took.as_secs_f64();
        Report {
            run: run.id,
            seed: run.seed,
            users: run.users,
            endless: run.endless,
            interrupted: run.interrupted,
            seconds,
            rolls,
            rolls_per_second: output::per_second(rolls, run.took),
            routes,
            slowest: self.slowest.map(|(latency, trace_id)| Slowest {
                latency_ms: latency.as_secs_f64() * 1000.0,
                trace_id,
            }),
            page: run.page,
        }
    }
}

impl RouteTally {
    fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.rolls += other.rolls;
        self.rolls_failed += other.rolls_failed;
        self.no_such_die += other.no_such_die;
        self.not_offered += other.not_offered;
        self.latencies.merge(&other.latencies);
        for (failure, count) in &other.failures {
            *self.failures.entry(*failure).or_default() += count;
        }
    }
}

impl From<(&'static str, RouteTally)> for Route {
    fn from((route, tally): (&'static str, RouteTally)) -> Self {
        let failures = tally.failures.iter();
        Self {
            route,
            requests: tally.requests,
            rolls: tally.rolls,
            rolls_failed: tally.rolls_failed,
            no_such_die: tally.no_such_die,
            not_offered: tally.not_offered,
            failures: failures.map(|(f, n)| (f.to_string(), *n)).collect(),
            latency: tally.latencies.summary(),
        }
    }
}

/// Facts about the run other than its counts.
pub(super) struct Run {
    pub(super) id: String,
    pub(super) seed: u64,
    pub(super) users: u64,
    pub(super) endless: bool,
    pub(super) interrupted: bool,
    pub(super) took: Duration,
    pub(super) page: Option<Url>,
}

/// The report of the users' requests.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// The attribute `traffic.run` of every root span.
    pub(crate) run: String,
    /// Repeats the same requests.
    pub(crate) seed: u64,
    /// The number of users.
    pub(crate) users: u64,
    /// Whether sessions repeat without end.
    pub(crate) endless: bool,
    /// Whether the run was stopped.
    pub(crate) interrupted: bool,
    /// The duration of the run in seconds.
    pub(crate) seconds: f64,
    /// Rolls answered, those in batches included.
    pub(crate) rolls: u64,
    /// Rolls a second.
    pub(crate) rolls_per_second: f64,
    /// Requests by route.
    pub(crate) routes: Vec<Route>,
    /// The slowest request, whose trace is worth looking at first.
    pub(crate) slowest: Option<Slowest>,
    #[serde(skip)]
    page: Option<Url>,
}

/// Requests of one kind.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Route {
    /// The route of the frontend.
    pub(crate) route: &'static str,
    /// Requests sent.
    pub(crate) requests: u64,
    /// Rolls answered.
    pub(crate) rolls: u64,
    /// Requests whose die failed, as its error rate allows.
    pub(crate) rolls_failed: u64,
    /// Requests for a die that does not exist.
    pub(crate) no_such_die: u64,
    /// Sign-in or sign-out requests to a service without sign-in.
    pub(crate) not_offered: u64,
    /// Requests that failed, by status or reason.
    pub(crate) failures: BTreeMap<String, u64>,
    /// From sending to the last byte, for all answers.
    pub(crate) latency: Latency,
}

/// The slowest request.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Slowest {
    /// Its latency in milliseconds.
    pub(crate) latency_ms: f64,
    /// Its trace.
    pub(crate) trace_id: String,
}

impl output::Report for Report {
    /// An endless run has no verdict: services may be stopped and started during it.
    fn passed(&self) -> bool {
        self.endless || self.routes.iter().all(|route| route.failures.is_empty())
    }

    fn look_next(&self) -> LookNext<'_> {
        LookNext {
            frontend: self.page.as_ref(),
            run: Some(&self.run),
            ..LookNext::default()
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles = ["route", "requests", "rolls", "rolls failed", "no such die"];
        let mut table = Table::new(
            titles
                .into_iter()
                .chain(["failures"])
                .chain(Latency::TITLES),
        );
        for route in &self.routes {
            let counts = [
                route.requests,
                route.rolls,
                route.rolls_failed,
                route.no_such_die,
            ];
            let name = [route.route.to_owned()].into_iter();
            table.row(
                name.chain(counts.map(|count| count.to_string()))
                    .chain([output::counts(&route.failures)])
                    .chain(route.latency.cells()),
            );
        }
        write!(f, "{table}")?;
        for route in self.routes.iter().filter(|route| route.not_offered > 0) {
            let Route {
                route, not_offered, ..
            } = route;
            write!(
                f,
                "\n{route} does not exist (404, {not_offered} times); users continued without it"
            )?;
        }
        let (rolls, rate, seed) = (self.rolls, self.rolls_per_second, self.seed);
        let (seconds, users) = (self.seconds, self.users);
        writeln!(
            f,
            "\n{rolls} rolls by {users} users in {seconds:.1} s, {rate:.1} rolls/s; --seed {seed} repeats the run"
        )?;
        if let Some(Slowest {
            latency_ms,
            trace_id,
        }) = &self.slowest
        {
            let latency = Millis(*latency_ms);
            writeln!(f, "slowest: {latency}, trace {trace_id}")?;
        }
        Ok(())
    }
}
