//! Usage events of the run's own requests, as usage-sink has stored them.

use std::collections::HashSet;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions, query_as};
use tokio::time::timeout;
use url::Url;

use crate::error::Error;

/// How long a connection or an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many of the traces have one row, and how many have several.
const COUNT: &str = "\
    SELECT count(*) FILTER (WHERE events = 1), count(*) FILTER (WHERE events > 1) \
    FROM (SELECT count(*) AS events FROM usage_events \
          WHERE event_type IN ('roll', 'roll_batch') AND trace_id = ANY($1) \
          GROUP BY trace_id) AS traces";

/// Requests by what is stored of them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stored {
    /// With exactly one row.
    pub(super) once: u64,
    /// With more.
    pub(super) repeatedly: u64,
}

/// One connection to the database with the table `usage_events`.
pub(super) struct UsageEvents {
    connection: PgConnection,
    /// Without a password, for messages.
    url: String,
    stored: Stored,
}

impl UsageEvents {
    /// Connects, and makes sure that the table can be read.
    pub(super) async fn open(url: &Url) -> Result<Self, Error> {
        let settings = PgConnectOptions::from_str(url.as_str())
            .expect("the URL was checked when it was given")
            .ssl_mode(PgSslMode::Disable)
            .disable_statement_logging();
        let url = without_password(url.clone());
        let connection = match timeout(PATIENCE, settings.connect()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return Err(not_there(url, error.to_string())),
            Err(_) => return Err(not_there(url, format!("no answer within {PATIENCE:?}"))),
        };
        let mut opened = Self {
            connection,
            url,
            stored: Stored::default(),
        };
        opened.read(&HashSet::new()).await?;
        Ok(opened)
    }

    /// Counts again what there is of the traces `ours`.
    pub(super) async fn read(&mut self, ours: &HashSet<String>) -> Result<(), Error> {
        let ours: Vec<&str> = ours.iter().map(String::as_str).collect();
        let query = query_as(COUNT).bind(ours);
        let counting = timeout(PATIENCE, query.fetch_one(&mut self.connection)).await;
        let problem = match counting {
            Ok(Ok((once, repeatedly))) => {
                let number = |count: i64| u64::try_from(count).unwrap_or_default();
                self.stored = Stored {
                    once: number(once),
                    repeatedly: number(repeatedly),
                };
                return Ok(());
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {PATIENCE:?}"),
        };
        Err(Error::Unusable {
            service: "PostgreSQL",
            url: self.url.clone(),
            problem,
        })
    }

    /// What was there when last read.
    pub(super) fn stored(&self) -> Stored {
        self.stored
    }
}

fn not_there(url: String, cause: String) -> Error {
    Error::NotThere {
        service: "PostgreSQL",
        url,
        flag: "--usage-database-url",
        cause,
    }
}

fn without_password(mut url: Url) -> String {
    // Fails only for a URL without a host, which is none of a database.
    let _ = url.set_password(None);
    url.into()
}
