//! What a user does, drawn at random.

use std::time::Duration;

use clap::builder::FalseyValueParser;
use rand::RngExt;
use rand::rngs::StdRng;

use crate::batches::Batches;
use crate::error::Error;
use crate::flags::duration;
use crate::random::DiceMix;
use crate::request::Request;

/// Rolls of a session when there is no end of sessions.
const ENDLESS_SESSION: u32 = 20;

/// What users call themselves, by their number.
const NAMES: [&str; 12] = [
    "Ada", "Alan", "Barbara", "Dennis", "Edsger", "Frances", "Grace", "Ida", "Ken", "Mary",
    "Niklaus", "Radia",
];

/// How users behave.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Behaviour {
    /// Most requests for rolls in a session; each user makes 1 to this many, 0 is session after session without end
    #[arg(
        long,
        env = "MAX_ROLLS_PER_USER",
        value_name = "NUMBER",
        default_value_t = 20
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    pub(crate) max_rolls: u32,

    /// Roll and do nothing else: no page, no signing in and out; --frontend-url can then be dice-roller itself
    #[arg(long, env = "ONLY_ROLLS", value_parser = FalseyValueParser::new())]
    pub(crate) only_rolls: bool,

    /// Which of the requests for rolls are for a batch.
    #[command(flatten)]
    pub(crate) batches: Batches,

    /// Shortest time between an answer and the next request
    #[arg(
        long,
        env = "THINK_TIME_MIN",
        value_name = "DURATION",
        default_value = "500ms"
    )]
    #[arg(value_parser = duration)]
    pub(crate) think_min: Duration,

    /// Longest time between an answer and the next request
    #[arg(
        long,
        env = "THINK_TIME_MAX",
        value_name = "DURATION",
        default_value = "2s"
    )]
    #[arg(value_parser = duration)]
    pub(crate) think_max: Duration,

    /// The dice asked for, by weight; there is no golden one, and users ask for it all the same
    #[arg(long, env = "DICE_MIX", value_name = "NAME=WEIGHT,...")]
    #[arg(default_value = "fair=50,risky=30,extreme=15,golden=5")]
    pub(crate) dice: DiceMix,
}

impl Behaviour {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let (min, max) = (self.think_min, self.think_max);
        if min > max {
            return Err(Error::Usage(format!(
                "--think-min {min:?} is longer than --think-max {max:?}"
            )));
        }
        Ok(())
    }

    pub(crate) fn is_endless(&self) -> bool {
        self.max_rolls == 0
    }

    /// How many requests for rolls the next session has.
    pub(crate) fn session_length(&self, rng: &mut StdRng) -> u32 {
        let most = if self.is_endless() {
            ENDLESS_SESSION
        } else {
            self.max_rolls
        };
        rng.random_range(1..=most)
    }

    /// What a session begins with.
    pub(crate) fn arrival(&self, user: u64) -> Vec<Request> {
        if self.only_rolls {
            return Vec::new();
        }
        let name = NAMES[user as usize % NAMES.len()];
        vec![Request::Page, Request::SignIn { name }]
    }

    /// What it ends with.
    pub(crate) fn departure(&self) -> Option<Request> {
        (!self.only_rolls).then_some(Request::SignOut)
    }

    /// The next request for rolls.
    pub(crate) fn request(&self, rng: &mut StdRng) -> Request {
        let die = self.dice.draw(rng);
        self.batches.request(die, rng)
    }

    pub(crate) fn think_time(&self, rng: &mut StdRng) -> Duration {
        let range = self.think_max.saturating_sub(self.think_min);
        self.think_min + range.mul_f64(rng.random())
    }
}
