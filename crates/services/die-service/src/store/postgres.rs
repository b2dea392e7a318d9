//! The dice in PostgreSQL, seeded with the compiled-in ones.

use database::{Database, Migration, Options, PrepareError, Statement, migrate};
use dice::{Catalogue, Die, Specification};
use sqlx::PgPool;
use telemetry::metrics::Registry;
use url::Url;

use crate::error::Error;

const MIGRATIONS: &[Migration] = &[
    Migration {
        description: "dice",
        sql: include_str!("../../migrations/0001_dice.sql"),
    },
    Migration {
        description: "check dice",
        sql: include_str!("../../migrations/0002_check_dice.sql"),
    },
];

/// One row with all names: decoding a row for each name took five times as long.
const LIST: Statement = Statement {
    query_type: "list",
    operation: "SELECT",
    table: "dice",
    text: "SELECT ARRAY(SELECT identifier FROM dice ORDER BY identifier)",
    looks_up: false,
};

const GET: Statement = Statement {
    query_type: "get",
    operation: "SELECT",
    table: "dice",
    text: "SELECT faces, error_rate FROM dice WHERE identifier = $1",
    looks_up: true,
};

/// A table of dice.
pub(crate) struct PostgresStore {
    database: Database,
    loaded: Box<dyn Fn(usize) + Send + Sync>,
}

impl PostgresStore {
    pub(crate) fn start(
        url: &Url,
        options: &Options,
        registry: &Registry,
        loaded: impl Fn(usize) + Send + Sync + Clone + 'static,
    ) -> Self {
        let seeded = loaded.clone();
        let prepare = move |pool| prepare(pool, seeded.clone());
        Self {
            database: Database::start(url, options, &[&LIST, &GET], registry, prepare),
            loaded: Box::new(loaded),
        }
    }

    pub(crate) async fn identifiers(&self) -> Result<Vec<String>, Error> {
        let query = sqlx::query_as(LIST.text);
        let mut rows: Vec<(Vec<String>,)> = self.database.fetch_all(&LIST, query).await?;
        let (identifiers,) = rows.pop().unwrap_or_default();
        (self.loaded)(identifiers.len());
        Ok(identifiers)
    }

    pub(crate) async fn find(&self, identifier: &str) -> Result<Option<Die>, Error> {
        // PostgreSQL text cannot contain NUL, so the query would fail.
        if identifier.contains('\0') {
            return Ok(None);
        }
        let query = sqlx::query_as(GET.text).bind(identifier);
        let mut rows: Vec<(Vec<i16>, f64)> = self.database.fetch_all(&GET, query).await?;
        let Some((faces, error_rate)) = rows.pop() else {
            return Ok(None);
        };
        let specification = specification(&faces, error_rate).map_err(|cause| {
            tracing::error!(
                die_identifier = identifier,
                cause,
                "The die has an invalid specification"
            );
            Error::BrokenDie(identifier.to_owned())
        })?;
        Ok(Some(Die {
            identifier: identifier.to_owned(),
            specification,
        }))
    }
}

fn specification(faces: &[i16], error_rate: f64) -> Result<Specification, String> {
    let faces = faces.iter().map(|face| u8::try_from(*face));
    let faces = faces.collect::<Result<_, _>>();
    Specification::new(
        faces.map_err(|error| format!("faces: {error}"))?,
        error_rate,
    )
}

/// Creates the table and inserts the missing dice; existing ones are not changed.
async fn prepare(pool: PgPool, loaded: impl Fn(usize)) -> Result<(), PrepareError> {
    migrate(&pool, MIGRATIONS).await?;
    let dice = Catalogue::embedded();
    for die in dice.identifiers().filter_map(|name| dice.get(name)) {
        let faces: Vec<i16> = die
            .specification
            .faces
            .iter()
            .copied()
            .map(i16::from)
            .collect();
        let insert = "INSERT INTO dice (identifier, faces, error_rate) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        sqlx::query(insert)
            .bind(die.identifier)
            .bind(faces)
            .bind(die.specification.error_rate)
            .execute(&pool)
            .await?;
    }
    let (count,): (i64,) = sqlx::query_as("SELECT count(*) FROM dice")
        .fetch_one(&pool)
        .await?;
    loaded(usize::try_from(count)?);
    Ok(())
}
