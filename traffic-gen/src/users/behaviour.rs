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

/// Rolls of a session if sessions repeat without end.
const ENDLESS_SESSION: u32 = 20;

/// The names that users sign in with, by user number.
const NAMES: [&str; 12] = [
    "Ada", "Alan", "Barbara", "Dennis", "Edsger", "Frances", "Grace", "Ida", "Ken", "Mary",
    "Niklaus", "Radia",
];

/// How users behave.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Behaviour {
    /// Maximum number of roll requests in a session; each user makes 1 to this many, and 0 repeats
    /// sessions without end
    #[arg(
        long,
        env = "MAX_ROLLS_PER_USER",
        value_name = "NUMBER",
        default_value_t = 20
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    pub(crate) max_rolls: u32,

    /// Only roll: do not open the page, sign in or sign out; --frontend-url can then point to
    /// dice-roller
    #[arg(long, env = "ONLY_ROLLS", value_parser = FalseyValueParser::new())]
    pub(crate) only_rolls: bool,

    /// The share and size of batches.
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

    /// Dice to roll, by weight; golden does not exist, and users request it anyway
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

    /// The number of roll requests of the next session.
    pub(crate) fn session_length(&self, rng: &mut StdRng) -> u32 {
        let most = if self.is_endless() {
            ENDLESS_SESSION
        } else {
            self.max_rolls
        };
        rng.random_range(1..=most)
    }

    /// The requests at the beginning of a session.
    pub(crate) fn arrival(&self, user: u64) -> Vec<Request> {
        if self.only_rolls {
            return Vec::new();
        }
        let name = NAMES[user as usize % NAMES.len()];
        vec![Request::Page, Request::SignIn { name }]
    }

    /// The request at the end of a session.
    pub(crate) fn departure(&self) -> Option<Request> {
        (!self.only_rolls).then_some(Request::SignOut)
    }

    /// Draws the next roll request.
    pub(crate) fn request(&self, rng: &mut StdRng) -> Request {
        let die = self.dice.draw(rng);
        self.batches.request(die, rng)
    }

    pub(crate) fn think_time(&self, rng: &mut StdRng) -> Duration {
        let range = self.think_max.saturating_sub(self.think_min);
        self.think_min + range.mul_f64(rng.random())
    }
}
