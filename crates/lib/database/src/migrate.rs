//! The schema, step by step.

use sqlx::migrate::{MigrateError, MigrationType, Migrator};
use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, SqlSafeStr};

/// A step. Never changed once it was released: databases remember what they ran.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// What it is for, in few words.
    pub description: &'static str,
    /// The SQL.
    pub sql: &'static str,
}

/// Runs those of `migrations` that the database has not had, in order, each in a transaction.
/// Programs that start at the same time do it one after the other.
///
/// # Errors
/// When the database cannot be reached or refuses, and when it has had other steps than these.
pub async fn migrate(pool: &PgPool, migrations: &[Migration]) -> Result<(), MigrateError> {
    let steps = migrations.iter().zip(1..).map(|(migration, version)| {
        let kind = MigrationType::Simple;
        let sql = AssertSqlSafe(migration.sql).into_sql_str();
        sqlx::migrate::Migration::new(version, migration.description.into(), kind, sql, false)
    });
    Migrator::with_migrations(steps.collect()).run(pool).await
}
