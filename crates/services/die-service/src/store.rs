//! The store of the dice.

mod postgres;

use dice::{Catalogue, Die};
use telemetry::metrics::Registry;

use crate::Config;
use crate::error::Error;
use crate::store::postgres::PostgresStore;

/// The database if the deployment has its URL, otherwise the compiled-in dice.
///
/// Query futures are large and therefore boxed: otherwise every request would be as large, even
/// without a database.
pub(crate) enum Store {
    Embedded(Catalogue),
    Postgres(PostgresStore),
}

impl Store {
    /// `loaded` receives the number of dice whenever it is known.
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
    /// If the database does not answer.
    pub(crate) async fn identifiers(&self) -> Result<Vec<String>, Error> {
        match self {
            Self::Embedded(dice) => Ok(dice.identifiers().map(str::to_owned).collect()),
            Self::Postgres(store) => Box::pin(store.identifiers()).await,
        }
    }

    /// The die with this name.
    ///
    /// # Errors
    /// If the database does not answer, or contains an invalid specification.
    pub(crate) async fn find(&self, identifier: &str) -> Result<Option<Die>, Error> {
        match self {
            Self::Embedded(dice) => Ok(dice.get(identifier)),
            Self::Postgres(store) => Box::pin(store.find(identifier)).await,
        }
    }
}
