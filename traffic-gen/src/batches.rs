//! Rolls one at a time, or some of them in batches: what users and `reconcile` draw alike.

use dice::BatchSize;
use rand::RngExt;
use rand::rngs::StdRng;

use crate::random::{batch_size, probability};
use crate::request::Request;

/// Which of the requests for rolls are for a batch, and how large those are.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Batches {
    /// Share of requests that are for a batch, 0.0 to 1.0
    #[arg(
        long,
        env = "ASYNC_PROBABILITY",
        value_name = "SHARE",
        default_value_t = 0.3
    )]
    #[arg(value_parser = probability)]
    async_probability: f64,

    /// Most rolls in a batch; each has 1 to this many
    #[arg(
        long,
        env = "MAX_ASYNC_ROLLS",
        value_name = "NUMBER",
        default_value = "10"
    )]
    max_async_rolls: BatchSize,
}

impl Batches {
    /// The next request for rolls of `die`.
    pub(crate) fn request(&self, die: String, rng: &mut StdRng) -> Request {
        if rng.random_bool(self.async_probability) {
            let size = batch_size(self.max_async_rolls, rng);
            Request::Batch { die, size }
        } else {
            Request::Roll { die }
        }
    }
}
