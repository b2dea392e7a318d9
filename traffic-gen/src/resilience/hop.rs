//! Which service caused a failure.

use crate::error::Failure;
use crate::request::Answer;

/// A service, as seen by its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hop {
    /// The frontend cannot be reached, is too slow, or broke the connection.
    Frontend,
    /// The frontend reports dice-roller as unreachable or too slow, or the roll itself failed.
    DiceRoller,
    /// dice-roller reports die-service as unreachable, broken or too slow.
    DieService,
    /// die-service reports its database as unavailable.
    Database,
    /// The answer does not name a service.
    Unknown,
}

impl Hop {
    /// Finds the service. `detail` of an error answer begins with the name of the service that
    /// failed.
    pub(super) fn of(failure: Failure, answer: &Answer) -> Self {
        if matches!(failure, Failure::Timeout | Failure::Unreachable) {
            return Self::Frontend;
        }
        match answer.detail.as_deref() {
            Some(detail) if detail.starts_with("dice-roller ") => Self::DiceRoller,
            Some(detail) if detail.starts_with("die-service's database ") => Self::Database,
            Some(detail) if detail.starts_with("die-service ") => Self::DieService,
            // A fair roll never fails, so dice-roller itself is at fault.
            Some(_) if failure == Failure::Status(500) => Self::DiceRoller,
            _ => Self::Unknown,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Frontend => "frontend",
            Self::DiceRoller => "dice-roller",
            Self::DieService => "die-service",
            Self::Database => "database",
            Self::Unknown => "unknown",
        }
    }
}
