//! The requests of the run: fair rolls only, so the expected records do not depend on chance.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::StreamExt;
use futures_util::stream;

use super::Options;
use crate::console::Console;
use crate::random;
use crate::request::{Answer, Outcome, Request, Sender};
use crate::stop::Stop;

/// All requests of a run.
pub(super) struct Plan(Vec<Request>);

/// A request and its answer.
pub(super) struct Sent {
    pub(super) request: Request,
    pub(super) answer: Answer,
}

impl Sent {
    /// The number of rolls answered.
    pub(super) fn rolls_answered(&self) -> u64 {
        match self.answer.outcome {
            Outcome::Fine => self.request.rolls(),
            Outcome::RollFailed | Outcome::NoSuchDie | Outcome::NotOffered | Outcome::Failed(_) => {
                0
            }
        }
    }
}

impl Plan {
    pub(super) fn draw(options: &Options, seed: u64) -> Self {
        let mut rng = random::stream(seed, 0);
        let fair = || "fair".to_owned();
        let requests = (0..options.requests).map(|_| options.batches.request(fair(), &mut rng));
        Self(requests.collect())
    }

    pub(super) fn requests(&self) -> u64 {
        self.0.len() as u64
    }

    /// Sends all requests, `connections` at a time; sends no further ones after a stop.
    pub(super) async fn send(
        &self,
        sender: &Sender,
        connections: usize,
        stop: &Stop,
        console: &Console,
    ) -> Vec<Sent> {
        let done = Arc::new(AtomicU64::new(0));
        let total = self.requests();
        let _following = console.follow({
            let done = Arc::clone(&done);
            move || format!("{} of {total} requests", done.load(Ordering::Relaxed))
        });
        let done = &done;
        let requests = stream::iter(&self.0).map(|request| async move {
            if stop.is_requested() {
                return None;
            }
            // Completed even after a stop, because every sent request is reconciled.
            let answer = sender.send(0, request).await;
            done.fetch_add(1, Ordering::Relaxed);
            Some(Sent {
                request: request.clone(),
                answer,
            })
        });
        let sent = requests.buffer_unordered(connections);
        sent.filter_map(std::future::ready).collect().await
    }
}
