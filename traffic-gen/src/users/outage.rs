//! Outages of the services: users retry less and less often, and the outage is reported once.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::console::Console;
use crate::error::Failure;
use crate::request::{Answer, Outcome};

/// The first pause after a failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause, and therefore roughly how long traffic takes to return after an outage.
const MAX_PAUSE: Duration = Duration::from_secs(8);

/// The state of the services, shared by all users.
#[derive(Debug)]
pub(super) struct Outage {
    console: Console,
    began: Mutex<Option<Began>>,
}

#[derive(Debug, Clone, Copy)]
struct Began {
    at: Instant,
    pause: Duration,
    /// When the pause last grew. It grows at most once per its own length, regardless of the number
    /// of users.
    grown: Instant,
}

impl Outage {
    pub(super) fn new(console: Console) -> Self {
        Self {
            console,
            began: Mutex::new(None),
        }
    }

    /// How long a user must wait after `answer`.
    pub(super) fn after(&self, answer: &Answer) -> Duration {
        let now = Instant::now();
        let mut began = self.began.lock().expect("nothing panics under this lock");
        let Outcome::Failed(failure) = answer.outcome else {
            if let Some(Began { at, .. }) = began.take() {
                let seconds = at.elapsed().as_secs();
                self.console
                    .note(&format!("The services answer again after {seconds} s"));
            }
            return Duration::ZERO;
        };
        if !is_outage(failure) {
            return Duration::ZERO;
        }
        match began.as_mut() {
            None => {
                self.console.note(&format!(
                    "The services do not answer ({failure}); retrying with pauses of up to {MAX_PAUSE:?}"
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
                    began.pause = (began.pause * 2).min(MAX_PAUSE);
                    began.grown = now;
                }
                began.pause
            }
        }
    }
}

/// Whether the failure means an unavailable service rather than a wrong request.
fn is_outage(failure: Failure) -> bool {
    matches!(
        failure,
        Failure::Unreachable | Failure::Timeout | Failure::Status(502..=504)
    )
}
