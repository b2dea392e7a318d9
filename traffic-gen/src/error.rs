//! Why a run could not start or finish, with the exit code for each reason.

use std::process::ExitCode;

use telemetry::client::CallError;

/// Exit codes, as `--help` lists them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  the run succeeded
  1  the run found losses, failed requests or no recovery, or a local file or command failed
  2  the command line is wrong
  3  a required service cannot be reached, or its answers are unusable

Ctrl-C ends every mode with the report so far. Every flag can also be set with the environment variable shown beside it.";

/// Errors that prevent a report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Exit code 2: flags that contradict each other.
    #[error("{0}")]
    Usage(String),
    /// Exit code 3: nothing listens at the URL of `service`.
    #[error(
        "cannot reach {service} at {url}: {cause}; \
         start it with `cargo run --release` or `docker compose up`, or set another URL with {flag}"
    )]
    NotThere {
        /// The service.
        service: &'static str,
        /// Its URL.
        url: String,
        /// The flag that sets another URL.
        flag: &'static str,
        /// The error from the network.
        cause: String,
    },
    /// Exit code 3: something answers, but not as `service` does.
    #[error("unexpected answer from {service} at {url}: {problem}")]
    Unusable {
        /// The service.
        service: &'static str,
        /// Its URL.
        url: String,
        /// What is wrong with the answer.
        problem: String,
    },
    /// Exit code 3: `service` has no time for an answer; it may have later.
    #[error(
        "{service} at {url} is too busy to answer: {cause}; try fewer --requests or a longer --wait"
    )]
    Busy {
        /// The service.
        service: &'static str,
        /// Its URL.
        url: String,
        /// What came in place of an answer.
        cause: String,
    },
    /// Exit code 1: a local file or command failed.
    #[error("{0}")]
    Local(String),
}

impl Error {
    /// Whether the same question may be answered later.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }

    /// The exit code for this error.
    #[must_use]
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Local(_) => ExitCode::FAILURE,
            Self::Usage(_) => ExitCode::from(2),
            Self::NotThere { .. } | Self::Unusable { .. } | Self::Busy { .. } => ExitCode::from(3),
        }
    }
}

/// Why a request failed, as counted in reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Failure {
    /// An answer with an unexpected status.
    Status(u16),
    /// No answer before the timeout.
    Timeout,
    /// The connection could not be opened, or broke.
    Unreachable,
    /// A 200 with an unexpected body.
    Malformed,
    /// Never sent: the run ended while earlier requests still held it up.
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
