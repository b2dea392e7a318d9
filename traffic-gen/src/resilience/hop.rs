//! Which service did not do its part.

use crate::error::Failure;
use crate::request::Answer;

/// A service, as seen by whoever called it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hop {
    /// It cannot be reached, is too slow, or broke.
    Frontend,
    /// The frontend says that it cannot be reached or is too slow; or it could not roll.
    DiceRoller,
    /// dice-roller says that it cannot be reached, is broken or too slow.
    DieService,
    /// die-service serves, and says that its database does not.
    Database,
    /// The answer does not say.
    Unknown,
}

impl Hop {
    /// Services name the one they could not get an answer from at the beginning of `detail`.
    pub(super) fn of(failure: Failure, answer: &Answer) -> Self {
        if matches!(failure, Failure::Timeout | Failure::Unreachable) {
            return Self::Frontend;
        }
        match answer.detail.as_deref() {
            Some(detail) if detail.starts_with("dice-roller ") => Self::DiceRoller,
            Some(detail) if detail.starts_with("die-service's database ") => Self::Database,
            Some(detail) if detail.starts_with("die-service ") => Self::DieService,
            // A fair roll never fails, so that is the roller's own mistake.
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
