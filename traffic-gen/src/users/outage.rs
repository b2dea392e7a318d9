//! Services that are away for a while: users come back less and less often, and it is said once.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::console::Console;
use crate::error::Failure;
use crate::request::{Answer, Outcome};

/// The first pause after a failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause, and so about the time until traffic is back after the services are.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// What all users know of the services' state.
#[derive(Debug)]
pub(super) struct Outage {
    console: Console,
    began: Mutex<Option<Began>>,
}

#[derive(Debug, Clone, Copy)]
struct Began {
    at: Instant,
    pause: Duration,
    /// The pause grows at most once in its own length, however many users there are.
    grown: Instant,
}

impl Outage {
    pub(super) fn new(console: Console) -> Self {
        Self {
            console,
            began: Mutex::new(None),
        }
    }

    /// How long to wait at least after `answer`.
    pub(super) fn after(&self, answer: &Answer) -> Duration {
        let now = Instant::now();
        let mut began = self.began.lock().expect("nothing panics under this lock");
        let Outcome::Failed(failure) = answer.outcome else {
            if let Some(Began { at, .. }) = began.take() {
                let seconds = at.elapsed().as_secs();
                self.console
                    .note(&format!("The services answer again, after {seconds} s"));
            }
            return Duration::ZERO;
        };
        if !is_outage(failure) {
            return Duration::ZERO;
        }
        match began.as_mut() {
            None => {
                self.console.note(&format!(
                    "The services do not answer ({failure}): trying again, up to {LONGEST_PAUSE:?} apart"
                ));
                *began = Some(Began {
                    at: now,
                    pause: FIRST_PAUSE,
                    grown: now,
                });
                FIRST_PAUSE
            }
            Some(began) => {
                if now.duration_since(began.grown) >= began.pause {
                    began.pause = (began.pause * 2).min(LONGEST_PAUSE);
                    began.grown = now;
                }
                began.pause
            }
        }
    }
}

/// Whether that is a service being away rather than a request being wrong.
fn is_outage(failure: Failure) -> bool {
    matches!(
        failure,
        Failure::Unreachable | Failure::Timeout | Failure::Status(502..=504)
    )
}
