//! The flags, and what they mean to PostgreSQL.

use std::str::FromStr;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use url::Url;

use crate::url::postgres_url;

/// As many as a small PostgreSQL has for one of several clients.
const POOL_SIZE: u32 = 10;

/// Shorter than the time that callers wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Where the database is and how much of it may be used.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The database, as in postgres://user@host:5432/name
    // A URL may hold a password, which --help would show.
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    #[arg(value_parser = postgres_url)]
    pub database_url: Option<Url>,

    /// Most connections to the database at once, 1 to 100
    #[arg(
        long,
        env = "DATABASE_POOL_SIZE",
        value_name = "NUMBER",
        default_value_t = POOL_SIZE
    )]
    #[arg(value_parser = RangedU64ValueParser::<u32>::new().range(1..=100))]
    pub database_pool_size: u32,

    /// Longest time for a query, the wait for a connection included
    #[arg(
        long,
        env = "DATABASE_TIMEOUT",
        value_name = "DURATION",
        default_value = "1s"
    )]
    #[arg(value_parser = timeout)]
    pub database_timeout: Duration,
}

/// No database, and otherwise as without flags.
impl Default for Options {
    fn default() -> Self {
        Self {
            database_url: None,
            database_pool_size: POOL_SIZE,
            database_timeout: TIMEOUT,
        }
    }
}

/// 0 would let no query succeed.
fn timeout(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("must be longer than 0s".to_owned()),
        other => other.map_err(|error| error.to_string()),
    }
}

/// Which database it is, as spans say it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) name: String,
}

/// How to connect, and where that is. The server ends by itself what we have given up.
pub(crate) fn settings(url: &Url, timeout: Duration) -> (PgConnectOptions, Place) {
    let settings = PgConnectOptions::from_str(url.as_str())
        .expect("the URL was checked when it was given")
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
