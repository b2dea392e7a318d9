//! The fault of this service: deliveries are refused, and none of their events is lost.

use faults::Fault;
use testkit::{FlagsFile, assert_unnamed, becomes};

use crate::support::{count, deliver, line, lines, start_ready};

#[tokio::test]
async fn deliveries_are_refused_until_it_is_switched_off() {
    let Some(postgres) = testkit::postgres().await else {
        return;
    };
    let flags = FlagsFile::new();
    let sink = start_ready(&postgres, &[&flags.flag()]).await;
    let delivery = lines(&[line("roll", 1)]);
    let status = || async { deliver(&sink, &delivery).await.0 };
    flags.set(&[(Fault::RefusingUsageSink, 1.0)]);
    becomes("the status", 503, status).await;
    let (_, answer) = deliver(&sink, &delivery).await;
    assert_eq!(
        answer["detail"],
        "no delivery can be accepted now; try again later"
    );
    let refused = ["handler=\"/v1/logs\"", "status=\"503\""];
    assert!(sink.metrics().await.sum("http_requests_total", &refused) >= 2.0);
    flags.set(&[]);
    becomes("the status", 200, status).await;
    assert_eq!(count(&postgres).await, "1");
    assert_unnamed(&sink).await;
}
