//! `users`: people who open the page, sign in, roll dice, sign out, and think in between.
//!
//! Each user draws from a separate stream of random numbers (see `random`), in an order that does
//! not depend on answers, so the seed determines which requests are sent.

mod behaviour;
mod outage;
mod tally;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use tokio::task::JoinSet;
use url::Url;

use self::behaviour::Behaviour;
use self::outage::Outage;
use self::tally::{Report, Run, Tally};
use crate::console::Console;
use crate::cookies::Cookies;
use crate::error::Error;
use crate::flags::{Frontend, RequestTimeout};
use crate::random::{Seed, run_id, stream};
use crate::reach::{Needed, check};
use crate::request::{Answer, Outcome, Request, Sender};
use crate::stop::Stop;

/// Simulate users of the page: sessions of rolls with think time in between
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Where users go.
    #[command(flatten)]
    pub(crate) frontend: Frontend,

    /// Number of concurrent users, 1 to 10000; they arrive within the longest think time
    #[arg(
        long = "users",
        env = "NUM_USERS",
        value_name = "NUMBER",
        default_value_t = 10
    )]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) users: u64,

    /// How users behave.
    #[command(flatten)]
    pub(crate) behaviour: Behaviour,

    /// The seed.
    #[command(flatten)]
    pub(crate) seed: Seed,

    /// When a request times out.
    #[command(flatten)]
    pub(crate) request_timeout: RequestTimeout,
}

impl Options {
    fn needed(&self) -> Needed<'_> {
        Needed {
            service: match self.behaviour.only_rolls {
                true => "dice-roller",
                false => "the frontend",
            },
            url: &self.frontend.url,
            flag: "--frontend-url",
        }
    }

    /// The URL of the page, unless requests go to dice-roller directly.
    fn page(&self) -> Option<Url> {
        (!self.behaviour.only_rolls).then(|| self.frontend.url.clone())
    }
}

/// Counts so far, for progress.
#[derive(Debug, Default)]
struct Live {
    requests: AtomicU64,
    rolls: AtomicU64,
    failures: AtomicU64,
}

impl Live {
    /// Requests that were answered or failed.
    fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Rolls that were answered, those in batches included.
    fn rolls(&self) -> u64 {
        self.rolls.load(Ordering::Relaxed)
    }

    /// Requests that failed. Failures of a die and unknown dice do not count.
    fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    fn count(&self, request: &Request, answer: &Answer) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        match answer.outcome {
            Outcome::Fine => self.rolls.fetch_add(request.rolls(), Ordering::Relaxed),
            Outcome::Failed(_) => self.failures.fetch_add(1, Ordering::Relaxed),
            Outcome::RollFailed | Outcome::NoSuchDie | Outcome::NotOffered => 0,
        };
    }
}

/// Runs all sessions to their end or until `shutdown`; endless sessions run until `shutdown`.
///
/// # Errors
/// [`Error::Usage`] for contradicting flags, [`Error::NotThere`] if the frontend cannot be reached.
/// Endless users wait for the frontend.
pub(crate) async fn run(
    options: &Options,
    console: &Console,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Report, Error> {
    options.behaviour.check()?;
    let endless = options.behaviour.is_endless();
    if !endless {
        check(options.needed()).await?;
    }
    let (seed, run) = (options.seed.number(), run_id());
    let stop = Stop::when(shutdown);
    let live = Arc::default();
    let start = Instant::now();
    let mut users = start_users(options, seed, &run, &live, console, &stop);
    let _following = follow(console, options.users, &live);
    let mut tally = Tally::default();
    while let Some(user) = users.join_next().await {
        tally.merge(user.expect("a user neither panics nor is aborted"));
    }
    Ok(tally.report(Run {
        id: run,
        seed,
        users: options.users,
        endless,
        interrupted: stop.is_requested(),
        took: start.elapsed(),
        page: options.page(),
    }))
}

fn start_users(
    options: &Options,
    seed: u64,
    run: &str,
    live: &Arc<Live>,
    console: &Console,
    stop: &Stop,
) -> JoinSet<Tally> {
    let sender = Sender::new(&options.frontend.url, options.request_timeout.timeout, run);
    let outage = Arc::new(Outage::new(console.clone()));
    let is_endless = options.behaviour.is_endless();
    // They arrive one after the other: all in one instant would be a crowd, which is `load`'s part.
    let apart = options.behaviour.think_max.div_f64(options.users as f64);
    let users = (0..options.users).map(|number| User {
        number,
        arrives_after: apart.mul_f64(number as f64),
        rng: stream(seed, number),
        behaviour: options.behaviour.clone(),
        sender: sender.clone(),
        live: Arc::clone(live),
        stop: stop.clone(),
        outage: is_endless.then(|| Arc::clone(&outage)),
    });
    users.map(User::act).collect()
}

fn follow(console: &Console, users: u64, live: &Arc<Live>) -> crate::console::Following {
    let live = Arc::clone(live);
    console.follow(move || {
        let (requests, rolls, failures) = (live.requests(), live.rolls(), live.failures());
        format!("{users} users: {requests} requests, {rolls} rolls, {failures} failures")
    })
}

struct User {
    number: u64,
    /// When it opens the page, from the start of the run.
    arrives_after: Duration,
    rng: StdRng,
    behaviour: Behaviour,
    sender: Sender,
    live: Arc<Live>,
    stop: Stop,
    /// Reports outages; for endless users only.
    outage: Option<Arc<Outage>>,
}

impl User {
    async fn act(mut self) -> Tally {
        let mut tally = Tally::default();
        if !self.stop.sleep(self.arrives_after).await {
            return tally;
        }
        while self.session(&mut tally).await && self.behaviour.is_endless() {}
        tally
    }

    /// Runs one session; returns false if the run should end.
    async fn session(&mut self, tally: &mut Tally) -> bool {
        let mut cookies = Cookies::default();
        let rolls = self.behaviour.session_length(&mut self.rng);
        for request in self.behaviour.arrival(self.number) {
            if !self.step(&request, &mut cookies, tally).await {
                return false;
            }
        }
        for _ in 0..rolls {
            let request = self.behaviour.request(&mut self.rng);
            if !self.step(&request, &mut cookies, tally).await {
                return false;
            }
        }
        match self.behaviour.departure() {
            Some(request) => self.step(&request, &mut cookies, tally).await,
            None => true,
        }
    }

    /// Sends one request and thinks about its answer; returns false if the run should end.
    async fn step(&mut self, request: &Request, cookies: &mut Cookies, tally: &mut Tally) -> bool {
        let think = self.behaviour.think_time(&mut self.rng);
        let sending = self.sender.send_in(cookies, self.number, request);
        let Some(answer) = self.stop.finish(sending).await else {
            return false;
        };
        self.live.count(request, &answer);
        tally.add(request, &answer);
        let pause = match &self.outage {
            Some(outage) => think.max(outage.after(&answer)),
            None => think,
        };
        self.stop.sleep(pause).await
    }
}
