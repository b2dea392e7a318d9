//! `users`: people who open the page, sign in, roll dice, sign out, and think in between.
//!
//! Each user draws from a stream of random numbers of their own (see `random`), in an
//! order that no answer changes, so that a seed says which requests are sent.

mod behaviour;
mod outage;
mod tally;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rand::rngs::StdRng;
use tokio::task::JoinSet;
use url::Url;

use self::behaviour::Behaviour;
use self::outage::Outage;
use self::tally::{Report, Run, Tally};
use crate::console::Console;
use crate::cookies::Cookies;
use crate::error::Error;
use crate::flags::{Frontend, Patience};
use crate::random::{Seed, run_id, stream};
use crate::reach::{Needed, check};
use crate::request::{Answer, Outcome, Request, Sender};
use crate::stop::Stop;

/// Users of the page: sessions of rolls with think time in between.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Where users go.
    #[command(flatten)]
    pub(crate) frontend: Frontend,

    /// How many there are at once, 1 to 10000
    #[arg(
        long = "users",
        env = "NUM_USERS",
        value_name = "NUMBER",
        default_value_t = 10
    )]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) users: u64,

    /// How they behave.
    #[command(flatten)]
    pub(crate) behaviour: Behaviour,

    /// What is drawn.
    #[command(flatten)]
    pub(crate) seed: Seed,

    /// When an answer is given up.
    #[command(flatten)]
    pub(crate) patience: Patience,
}

impl Options {
    fn needed(&self) -> Needed<'_> {
        Needed {
            service: match self.behaviour.only_rolls {
                true => "the service that rolls",
                false => "the frontend",
            },
            url: &self.frontend.url,
            flag: "--frontend-url",
        }
    }

    /// Where a person can look, if there is a page.
    fn page(&self) -> Option<Url> {
        (!self.behaviour.only_rolls).then(|| self.frontend.url.clone())
    }
}

/// What has happened so far, for whoever watches. All counts only grow.
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

    /// Requests that failed. A die's own failures and unknown dice are none.
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

/// Runs all sessions to their end, or until `shutdown`; without end until `shutdown`.
///
/// # Errors
/// [`Error::Usage`] for flags that do not go together, [`Error::NotThere`] without a frontend,
/// unless the run has no end: then it is waited for.
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
    let sender = Sender::new(&options.frontend.url, options.patience.timeout, run);
    let outage = Arc::new(Outage::new(console.clone()));
    let is_endless = options.behaviour.is_endless();
    let users = (0..options.users).map(|number| User {
        number,
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
    rng: StdRng,
    behaviour: Behaviour,
    sender: Sender,
    live: Arc<Live>,
    stop: Stop,
    /// What is said about failing services, by users without end.
    outage: Option<Arc<Outage>>,
}

impl User {
    async fn act(mut self) -> Tally {
        let mut tally = Tally::default();
        while self.session(&mut tally).await && self.behaviour.is_endless() {}
        tally
    }

    /// From the first request to the last; false when the run is to end.
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

    /// One request and the time to think about its answer; false when the run is to end.
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
