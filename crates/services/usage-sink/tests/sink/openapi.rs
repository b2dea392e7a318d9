//! The OpenAPI document says what the service does.

use testkit::{check_openapi, postgres};

use crate::support::start_ready;

#[tokio::test]
async fn the_document_and_the_service_agree() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let sink = start_ready(&postgres, &[]).await;
    let examples = [("/", 200), ("POST /v1/logs", 415)];
    check_openapi(&sink.url(""), &examples, "").await;
}
