//! Where the dice are.

mod postgres;

use dice::{Catalogue, Die};
use telemetry::metrics::Registry;

use crate::Config;
use crate::error::Error;
use crate::store::postgres::PostgresStore;

/// The deployment decides: without a database, the dice are compiled in.
///
/// The future of a query is large, and in a box: else every request would carry its size around,
/// also one that asks no database.
pub(crate) enum Store {
    Embedded(Catalogue),
    Postgres(PostgresStore),
}

impl Store {
    /// `loaded` is told how many dice there are, whenever that is learned.
    pub(crate) fn new(
        config: &Config,
        registry: &Registry,
        loaded: impl Fn(usize) + Send + Sync + Clone + 'static,
    ) -> Self {
        match &config.database.database_url {
            None => {
                let dice = Catalogue::embedded();
                loaded(dice.count());
                Self::Embedded(dice)
            }
            Some(url) => Self::Postgres(PostgresStore::start(
                url,
                &config.database,
                registry,
                loaded,
            )),
        }
    }

    /// The identifiers, sorted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn identifiers(&self) -> Result<Vec<String>, Error> {
        match self {
            Self::Embedded(dice) => Ok(dice.identifiers().map(str::to_owned).collect()),
            Self::Postgres(store) => Box::pin(store.identifiers()).await,
        }
    }

    /// The die of that name.
    ///
    /// # Errors
    /// When the database does not answer, or holds what cannot be rolled.
    pub(crate) async fn find(&self, identifier: &str) -> Result<Option<Die>, Error> {
        match self {
            Self::Embedded(dice) => Ok(dice.get(identifier)),
            Self::Postgres(store) => Box::pin(store.find(identifier)).await,
        }
    }
}
