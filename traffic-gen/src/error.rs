//! Why a run did not take place or did not end, and the exit code that says so.

use std::process::ExitCode;

use telemetry::client::CallError;

/// Exit codes, as `--help` lists them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  the run was fine
  1  the run ended, and found loss, failed requests or no recovery; or a local file or command failed
  2  the command line is wrong
  3  a service that is needed is not there, or does not answer as it should

Ctrl-C ends every mode with the report so far. Every flag can be given as the variable shown beside it.";

/// Everything that keeps a mode from reporting.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Exit code 2: flags that do not go together.
    #[error("{0}")]
    Usage(String),
    /// Exit code 3: nothing listens where `service` should.
    #[error(
        "{service} is not there: {url} cannot be reached ({cause}); \
         start it with `cargo run --release` or `docker compose up`, or name another with {flag}"
    )]
    NotThere {
        /// Who.
        service: &'static str,
        /// Where.
        url: String,
        /// The flag with which another can be named.
        flag: &'static str,
        /// What the network said.
        cause: String,
    },
    /// Exit code 3: something answers there, but not as `service` does.
    #[error("{service} at {url} does not answer as it should: {problem}")]
    Unusable {
        /// Who.
        service: &'static str,
        /// Where.
        url: String,
        /// What it answered.
        problem: String,
    },
    /// Exit code 1: a file or command of this machine.
    #[error("{0}")]
    Local(String),
}

impl Error {
    /// The exit code that stands for this error.
    #[must_use]
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Local(_) => ExitCode::FAILURE,
            Self::Usage(_) => ExitCode::from(2),
            Self::NotThere { .. } | Self::Unusable { .. } => ExitCode::from(3),
        }
    }
}

/// What went wrong with one request, as reports count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Failure {
    /// An answer with a status that the request does not explain.
    Status(u16),
    /// No answer in time.
    Timeout,
    /// No connection, or it broke.
    Unreachable,
    /// A 200 whose body is not what was asked for.
    Malformed,
    /// The run ended before its turn came, because earlier requests took too long.
    NotSent,
}

impl From<&CallError> for Failure {
    fn from(error: &CallError) -> Self {
        match error {
            CallError::Timeout(_) => Self::Timeout,
            CallError::Unreachable(_) => Self::Unreachable,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::Timeout => f.write_str("timeout"),
            Self::Unreachable => f.write_str("unreachable"),
            Self::Malformed => f.write_str("malformed"),
            Self::NotSent => f.write_str("not sent"),
        }
    }
}
