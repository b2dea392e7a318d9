//! Why a query failed.

use tracing::Span;

/// Why a query failed. The log has the details, which clients do not need.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The database has not been reachable yet, or its schema is not ready.
    #[error("the database is not ready")]
    NotReady,
    /// There was no free connection or no answer in time.
    #[error("the database did not answer in time")]
    Timeout,
    /// The database cannot be reached, or answered with an error.
    #[error("the database failed")]
    Failed(#[source] sqlx::Error),
}

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut => Self::Timeout,
            error => Self::Failed(error),
        }
    }
}

impl DatabaseError {
    /// PostgreSQL's error code, five characters, if the error came from PostgreSQL.
    /// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
    #[must_use]
    pub fn sqlstate(&self) -> Option<String> {
        let Self::Failed(sqlx::Error::Database(error)) = self else {
            return None;
        };
        error.code().map(Into::into)
    }

    /// Whether the database rejected the values, so that repeating the query would not help:
    /// SQLSTATE classes 22 (data exception), 23 (integrity constraint violation) and 54 (program
    /// limit exceeded), and values that cannot be sent.
    #[must_use]
    pub fn is_about_the_data(&self) -> bool {
        if matches!(self, Self::Failed(sqlx::Error::Encode(_))) {
            return true;
        }
        let code = self.sqlstate();
        code.is_some_and(|code| {
            ["22", "23", "54"]
                .iter()
                .any(|class| code.starts_with(class))
        })
    }

    /// The cause, for a log line. It contains PostgreSQL's message without the line number of
    /// PostgreSQL's source that sqlx appends, which looks like a line of the statement.
    pub(crate) fn cause(&self) -> String {
        match self {
            Self::Failed(sqlx::Error::Database(error)) => match error.code() {
                Some(code) => format!("{} (SQLSTATE {code})", error.message()),
                None => error.message().to_owned(),
            },
            Self::Failed(error) => error.to_string(),
            other => other.to_string(),
        }
    }

    /// Records the error in the span of the query.
    pub(crate) fn record(&self, span: &Span) {
        span.record("otel.status_code", "ERROR");
        if let Some(code) = self.sqlstate() {
            span.record("db.response.status_code", &code);
            span.record("error.type", code);
            return;
        }
        let kind = match self {
            Self::NotReady => "not_ready",
            Self::Timeout => "timeout",
            Self::Failed(_) => "unreachable",
        };
        span.record("error.type", kind);
    }
}
