//! Why a query has no answer.

use tracing::Span;

/// Why a query has no answer. Details are in the log, not for whoever asked us.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It was never reached yet, or its schema is not there.
    #[error("the database is not ready")]
    NotReady,
    /// No connection became free, or no answer came, in time.
    #[error("the database did not answer in time")]
    Timeout,
    /// It cannot be reached, or answered with an error.
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
    /// PostgreSQL's own code, five characters, when it was PostgreSQL that refused.
    /// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
    #[must_use]
    pub fn sqlstate(&self) -> Option<String> {
        let Self::Failed(sqlx::Error::Database(error)) = self else {
            return None;
        };
        error.code().map(Into::into)
    }

    /// Whether the values were refused: asking again with the same ones would not help. SQLSTATE
    /// classes 22 (data exception), 23 (integrity constraint violation) and 54 (program limit
    /// exceeded), and what cannot even be sent.
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

    /// What happened, for a log line. PostgreSQL's own words without the line of its source that
    /// sqlx appends, which a reader takes for a line of the statement.
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

    /// Tells the span of the query.
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
