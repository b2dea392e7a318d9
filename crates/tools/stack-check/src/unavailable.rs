//! Why a program did not answer.

use std::fmt;

/// A program that could not be asked, or that refused its input.
#[derive(Debug, Clone)]
pub enum Unavailable {
    /// It is not installed, and cannot be: what to install.
    Missing(String),
    /// It ran and failed, with its output.
    Failed(String),
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Missing(why) | Self::Failed(why)) = self;
        why.fmt(f)
    }
}

/// For programs that are there: whatever goes wrong is a failure.
impl From<String> for Unavailable {
    fn from(problem: String) -> Self {
        Self::Failed(problem)
    }
}
