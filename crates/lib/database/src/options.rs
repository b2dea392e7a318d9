//! The flags, and their translation to PostgreSQL's settings.

use std::str::FromStr;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use url::Url;

use crate::url::postgres_url;

/// As many as a small PostgreSQL can give to one of several clients.
const POOL_SIZE: u32 = 10;

/// Shorter than the timeout of callers.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The database, and limits for its use.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The database's URL, as in postgres://user@host:5432/name
    // A URL may contain a password, which --help would show.
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    #[arg(value_parser = postgres_url)]
    pub database_url: Option<Url>,

    /// Maximum number of connections to the database, 1 to 100
    #[arg(
        long,
        env = "DATABASE_POOL_SIZE",
        value_name = "NUMBER",
        default_value_t = POOL_SIZE
    )]
    #[arg(value_parser = RangedU64ValueParser::<u32>::new().range(1..=100))]
    pub database_pool_size: u32,

    /// Timeout of a query, including the wait for a connection
    #[arg(
        long,
        env = "DATABASE_TIMEOUT",
        value_name = "DURATION",
        default_value = "1s"
    )]
    #[arg(value_parser = timeout)]
    pub database_timeout: Duration,
}

/// The defaults of the flags, without a database.
impl Default for Options {
    fn default() -> Self {
        Self {
            database_url: None,
            database_pool_size: POOL_SIZE,
            database_timeout: TIMEOUT,
        }
    }
}

/// Parses a timeout; with 0 no query could succeed.
fn timeout(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("must be longer than 0s".to_owned()),
        other => other.map_err(|error| error.to_string()),
    }
}

/// The database's address, as in spans.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) name: String,
}

/// The connection settings, and the address. The server cancels statements at the timeout.
pub(crate) fn settings(url: &Url, timeout: Duration) -> (PgConnectOptions, Place) {
    let settings = PgConnectOptions::from_str(url.as_str())
        .expect("the URL was checked when the flag was parsed")
        .ssl_mode(PgSslMode::Disable)
        .options([("statement_timeout", timeout.as_millis().max(1).to_string())])
        .disable_statement_logging();
    let place = Place {
        host: settings.get_host().to_owned(),
        port: settings.get_port(),
        name: settings.get_database().unwrap_or_default().to_owned(),
    };
    (settings, place)
}
