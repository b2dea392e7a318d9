//! The faults of this service on purpose, see the table in `crates/lib/faults`.

mod background;

use std::time::Duration;

use dice::{RollFailed, Specification};
use faults::Fault;
use rand::{Rng, RngExt};

pub(crate) use self::background::start;
use crate::error::Error;

/// What happens to a request before its dice are rolled.
///
/// # Errors
/// For a share of the requests while [`Fault::FailingDiceRoller`] or [`Fault::BadRelease`] is on.
pub(crate) async fn before_roll() -> Result<(), Error> {
    if let Some(seconds) = faults::strength(Fault::SlowDiceRoller) {
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    }
    if let Some(seconds) = faults::strength(Fault::BlockedWorker) {
        #[expect(
            clippy::disallowed_methods,
            reason = "blocking the thread is the fault"
        )]
        std::thread::sleep(Duration::from_secs_f64(seconds));
    }
    if faults::strikes(Fault::FailingDiceRoller) {
        tracing::error!(
            cause = "the generator is not seeded",
            "Random numbers are not available"
        );
        return Err(Error::NoRandomNumbers);
    }
    if faults::strikes(Fault::BadRelease) {
        tracing::error!(
            cause = "missing field `weights`",
            "The specification cannot be used"
        );
        return Err(Error::UnusableSpecification);
    }
    Ok(())
}

/// Rolls once: every face is equally likely, unless [`Fault::LoadedDie`] is on.
///
/// # Errors
/// As often as the die's error rate defines.
pub(crate) fn roll(die: &Specification, rng: &mut impl Rng) -> Result<u8, RollFailed> {
    let value = die.roll(rng)?;
    let Some(times) = faults::strength(Fault::LoadedDie) else {
        return Ok(value);
    };
    Ok(loaded(&die.faces, times, rng))
}

/// A face, of which the last one is `times` as likely as each other one.
fn loaded(faces: &[u8], times: f64, rng: &mut impl Rng) -> u8 {
    let last = faces.len() - 1;
    let share = times / (times + last as f64);
    match rng.random_bool(share) {
        true => faces[last],
        false => faces[rng.random_range(0..last)],
    }
}
