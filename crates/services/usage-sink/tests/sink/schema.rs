//! The table: created from nothing, and upgraded from an older version.

use serde_json::json;
use testkit::postgres;

use crate::support::{count, deliver, line, lines, select, start_ready};

const INDEXES: &str =
    "SELECT indexname FROM pg_indexes WHERE tablename = 'usage_events' ORDER BY 1";

#[tokio::test]
async fn an_older_table_is_upgraded_and_keeps_its_events() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let sink = start_ready(&postgres, &[]).await;
    let delivery = lines(&[line("sign_in", 1), line("sign_out", 2)]);
    assert_eq!(deliver(&sink, &delivery).await, (200, json!({})));
    let both = "usage_events_occurred_at\nusage_events_pkey";
    assert_eq!(select(&postgres, INDEXES).await, both);
    let (status, _) = sink.terminate().await;
    assert!(status.success());
    // The state after the first migration.
    let older =
        "DROP INDEX usage_events_occurred_at; DELETE FROM _sqlx_migrations WHERE version > 1";
    select(&postgres, older).await;

    let sink = start_ready(&postgres, &[]).await;
    assert_eq!(select(&postgres, INDEXES).await, both);
    assert_eq!(deliver(&sink, &delivery).await, (200, json!({})));
    assert_eq!(count(&postgres).await, "2");
}
