//! The faults of a database's client on purpose, see the table in `crates/lib/faults`.

use std::time::Duration;

use faults::Fault;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use sqlx::{Postgres, Transaction};
use tokio::time::sleep;

/// The time between two connections that leak, and between two attempts to lock the table.
const PAUSE: Duration = Duration::from_secs(1);

/// Keeps connections of `pool` and locks `table` while the faults are on, forever.
pub(crate) async fn happen(pool: PgPool, table: &'static str) {
    let mut kept = Vec::new();
    let mut locked = None;
    loop {
        leak(&pool, &mut kept).await;
        lock(&pool, table, &mut locked).await;
        sleep(PAUSE).await;
    }
}

/// Takes one more connection and keeps it, until there are as many as the strength says.
async fn leak(pool: &PgPool, kept: &mut Vec<PoolConnection<Postgres>>) {
    let Some(most) = faults::strength(Fault::PoolLeak) else {
        return kept.clear();
    };
    if (kept.len() as f64) < most {
        // The pool is empty, or the database is down: the next time, then.
        kept.extend(pool.acquire().await);
    }
}

/// Locks `table` in a transaction that stays open.
async fn lock(
    pool: &PgPool,
    table: &'static str,
    locked: &mut Option<Transaction<'static, Postgres>>,
) {
    if !faults::is_on(Fault::LockedTable) {
        // Rolled back.
        *locked = None;
        return;
    }
    if locked.is_none() {
        *locked = try_lock(pool, table).await.ok();
    }
}

async fn try_lock(
    pool: &PgPool,
    table: &'static str,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let lock = format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock))
        .execute(&mut *transaction)
        .await?;
    Ok(transaction)
}
