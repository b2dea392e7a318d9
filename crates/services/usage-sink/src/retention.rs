//! Deletes old events, so that the table does not fill its disk.
//!
//! This is maintenance, like migrations: it has no span and no metric, and a log line if events
//! were deleted.

use std::convert::Infallible;
use std::time::Duration;

use sqlx::postgres::PgPool;
use time::OffsetDateTime;
use tokio::time::sleep;

/// Pause between deletions.
const PAUSE: Duration = Duration::from_secs(3600);

/// Number of events deleted by one statement, which must finish within the statement timeout.
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
                tracing::warn!(%error, "Cannot delete old usage events; retrying in an hour");
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
