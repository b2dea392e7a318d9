//! How rolls are requested, one at a time or in batches; shared by `users` and `reconcile`.

use dice::BatchSize;
use rand::RngExt;
use rand::rngs::StdRng;

use crate::random::{batch_size, probability};
use crate::request::Request;

/// The share of roll requests that ask for a batch, and the size of the batches.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Batches {
    /// Share of roll requests that ask for a batch, 0.0 to 1.0
    #[arg(
        long,
        env = "ASYNC_PROBABILITY",
        value_name = "SHARE",
        default_value_t = 0.3
    )]
    #[arg(value_parser = probability)]
    async_probability: f64,

    /// Largest batch; each batch has 1 to this many rolls
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
