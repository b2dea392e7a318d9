//! Deleting old events: a table that only grows fills its disk.
//!
//! Work of the house, like the migrations: no span and no metric, a line when something was deleted.

use std::convert::Infallible;
use std::time::Duration;

use sqlx::postgres::PgPool;
use time::OffsetDateTime;
use tokio::time::sleep;

/// Between two looks for old events.
const PAUSE: Duration = Duration::from_secs(3600);

/// Events deleted in one statement, which must end within the timeout of all statements.
const BATCH: i64 = 5_000;

const DELETE: &str = "DELETE FROM usage_events WHERE event_id IN \
    (SELECT event_id FROM usage_events WHERE occurred_at < $1 ORDER BY occurred_at LIMIT $2)";

/// Deletes events that happened longer ago than `kept_for`, now and every hour.
pub(crate) async fn hold(pool: PgPool, kept_for: Duration) -> Infallible {
    loop {
        match delete(&pool, kept_for).await {
            Ok(0) => {}
            Ok(deleted) => tracing::info!(deleted, ?kept_for, "Old usage events deleted"),
            Err(error) => {
                tracing::warn!(%error, "Old usage events cannot be deleted; trying in an hour");
            }
        }
        sleep(PAUSE).await;
    }
}

async fn delete(pool: &PgPool, kept_for: Duration) -> Result<u64, sqlx::Error> {
    let oldest = OffsetDateTime::now_utc() - kept_for;
    let mut deleted = 0;
    loop {
        let batch = sqlx::query(DELETE).bind(oldest).bind(BATCH);
        let batch = batch.execute(pool).await?.rows_affected();
        deleted += batch;
        if batch == 0 {
            return Ok(deleted);
        }
    }
}
