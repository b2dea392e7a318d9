//! Reads from services and stores with plain GETs that create no spans.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use signals::{AskError, Reader, StatusCode};
use telemetry::client::shown;
use url::Url;

use crate::error::Error;

/// Timeout of one answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A service or store to read from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) reader: Reader,
    name: &'static str,
    flag: &'static str,
}

impl Source {
    pub(super) fn new(name: &'static str, base: &Url, flag: &'static str) -> Self {
        Self {
            reader: Reader::new(base.clone(), TIMEOUT),
            name,
            flag,
        }
    }

    /// Converts to [`Error::NotThere`] if nothing listens there, to [`Error::Busy`] if there was no
    /// time for an answer, and to [`Error::Unusable`] otherwise.
    pub(super) fn error(&self, error: AskError) -> Error {
        match error {
            AskError::Unreachable { cause, .. } => self.not_there(cause),
            AskError::Slow { timeout, .. } => self.busy(format!("no answer within {timeout:?}")),
            AskError::Status { status, detail, .. } if is_busy(status) => {
                self.busy(format!("{status}: {detail}"))
            }
            AskError::Status { status, detail, .. } => self.unusable(format!("{status}: {detail}")),
            AskError::Unreadable { cause, .. } => self.unusable(cause),
            error => self.unusable(error.to_string()),
        }
    }

    pub(super) fn unusable(&self, problem: impl Into<String>) -> Error {
        Error::Unusable {
            service: self.name,
            url: shown(self.reader.base()),
            problem: problem.into(),
        }
    }

    fn busy(&self, cause: String) -> Error {
        Error::Busy {
            service: self.name,
            url: shown(self.reader.base()),
            cause,
        }
    }

    fn not_there(&self, cause: String) -> Error {
        Error::NotThere {
            service: self.name,
            url: shown(self.reader.base()),
            flag: self.flag,
            cause,
        }
    }
}

/// Whether a store answers so while it has too much to do.
fn is_busy(status: StatusCode) -> bool {
    [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ]
    .contains(&status)
}

/// Nanoseconds since 1970.
pub(super) fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
