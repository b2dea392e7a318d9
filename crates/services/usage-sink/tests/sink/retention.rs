//! The retention of events.

use testkit::{becomes, postgres};
use tokio::process::Command;

use crate::support::{count, deliver, line, lines, select, start_ready};

/// Events that are this many days old; more than one statement deletes.
const OLD: &str = "INSERT INTO usage_events (event_id, event_type, occurred_at, username) \
    SELECT gen_random_uuid(), 'page_view', now() - make_interval(days => days), 'Ada' \
    FROM generate_series(1, 6000), unnest(ARRAY[29, 31]) AS days";

#[tokio::test]
async fn events_are_kept_for_the_configured_time() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let sink = start_ready(&postgres, &[]).await;
    assert_eq!(deliver(&sink, &lines(&[line("roll", 1)])).await.0, 200);
    let (status, _) = sink.terminate().await;
    assert!(status.success());
    select(&postgres, OLD).await;
    let sink = start_ready(&postgres, &["--retention=30days"]).await;
    becomes("the number of events", "6001".to_owned(), || {
        count(&postgres)
    })
    .await;
    let told = sink.line_with("Old usage events deleted").await;
    assert_eq!(told["deleted"], 6000);
    let (_, lines) = sink.terminate().await;
    assert!(
        lines.iter().all(|line| line["level"] == "INFO"),
        "{lines:?}"
    );
}

#[tokio::test]
async fn the_retention_is_longer_than_repeated_deliveries() {
    for short in ["0s", "7days", "soon", "1000years"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_usage-sink"));
        let retention = format!("--retention={short}");
        let output = command.arg(&retention).output().await.expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{short}: {output:?}");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains("--retention"), "{error}");
    }
}
