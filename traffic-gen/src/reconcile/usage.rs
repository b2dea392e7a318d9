//! Usage events of the run's requests, as stored by usage-sink.

use std::collections::HashSet;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions, query_as};
use tokio::time::timeout;
use url::Url;

use crate::error::Error;

/// Timeout of connecting and of each query.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Counts the traces with one row and those with several.
const COUNT: &str = "\
    SELECT count(*) FILTER (WHERE events = 1), count(*) FILTER (WHERE events > 1) \
    FROM (SELECT count(*) AS events FROM usage_events \
          WHERE event_type IN ('roll', 'roll_batch') AND trace_id = ANY($1) \
          GROUP BY trace_id) AS traces";

/// Requests by their number of rows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stored {
    /// Requests with exactly one row.
    pub(super) once: u64,
    /// Requests with several rows.
    pub(super) repeatedly: u64,
}

/// One connection to the database that has the table `usage_events`.
pub(super) struct UsageEvents {
    connection: PgConnection,
    /// The URL without its password, for messages.
    url: String,
    stored: Stored,
}

impl UsageEvents {
    /// Connects and checks that the table can be read.
    pub(super) async fn open(url: &Url) -> Result<Self, Error> {
        let settings = PgConnectOptions::from_str(url.as_str())
            .expect("the URL was checked when the flag was parsed")
            .ssl_mode(PgSslMode::Disable)
            .disable_statement_logging();
        let url = without_password(url.clone());
        let connection = match timeout(TIMEOUT, settings.connect()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return Err(not_there(url, error.to_string())),
            Err(_) => return Err(not_there(url, format!("no answer within {TIMEOUT:?}"))),
        };
        let mut opened = Self {
            connection,
            url,
            stored: Stored::default(),
        };
        opened.read(&HashSet::new()).await?;
        Ok(opened)
    }

    /// Counts the events of the traces `ours` again.
    pub(super) async fn read(&mut self, ours: &HashSet<String>) -> Result<(), Error> {
        let ours: Vec<&str> = ours.iter().map(String::as_str).collect();
        let query = query_as(COUNT).bind(ours);
        let counting = timeout(TIMEOUT, query.fetch_one(&mut self.connection)).await;
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
            Err(_) => format!("no answer within {TIMEOUT:?}"),
        };
        Err(Error::Unusable {
            service: "PostgreSQL",
            url: self.url.clone(),
            problem,
        })
    }

    /// The result of the last count.
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
    // This fails only for a URL without a host, which a database URL always has.
    let _ = url.set_password(None);
    url.into()
}
