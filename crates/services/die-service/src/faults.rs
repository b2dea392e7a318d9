//! The faults of this service on purpose, see the table in `crates/lib/faults`.

use std::time::Duration;

use faults::Fault;

use crate::error::Error;

/// What happens to a request for dice before it is answered.
///
/// # Errors
/// For a share of the requests while [`Fault::FailingDieService`] is on.
pub(crate) async fn before_answer() -> Result<(), Error> {
    if let Some(seconds) = faults::strength(Fault::SlowDieService) {
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    }
    if faults::strikes(Fault::FailingDieService) {
        let cause = "resource temporarily unavailable (os error 11)";
        tracing::error!(cause, "Dice cannot be read");
        return Err(Error::Unreadable);
    }
    Ok(())
}
