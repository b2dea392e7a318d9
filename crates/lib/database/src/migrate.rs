//! Schema migrations.

use sqlx::migrate::{MigrateError, MigrationType, Migrator};
use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, SqlSafeStr};

/// A migration. It must never change after its release: databases record what they ran.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// What it does, in a few words.
    pub description: &'static str,
    /// The SQL.
    pub sql: &'static str,
}

/// Runs the `migrations` that the database has not run yet, in order, each in a transaction.
/// Programs that start at the same time run them one after the other.
///
/// # Errors
/// If the database cannot be reached or rejects one, or if it has run other migrations than these.
pub async fn migrate(pool: &PgPool, migrations: &[Migration]) -> Result<(), MigrateError> {
    let steps = migrations.iter().zip(1..).map(|(migration, version)| {
        let kind = MigrationType::Simple;
        let sql = AssertSqlSafe(migration.sql).into_sql_str();
        sqlx::migrate::Migration::new(version, migration.description.into(), kind, sql, false)
    });
    Migrator::with_migrations(steps.collect()).run(pool).await
}
