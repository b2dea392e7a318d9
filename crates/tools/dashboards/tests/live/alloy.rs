//! The stand-in for Alloy: posts usage events from the frontend's lines to usage-sink.

use std::sync::Arc;
use std::time::Duration;

use mini_alloy::{Pipeline, Settings};
use testkit::Process;
use tokio::task::AbortHandle;

/// Polling interval for new lines.
const LOOK: Duration = Duration::from_millis(100);

/// Runs until dropped.
pub(crate) struct Alloy(AbortHandle);

impl Drop for Alloy {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Alloy {
    /// `sink` is the full URL to post usage lines to.
    pub(crate) fn start(sink: &str, frontend: Arc<Process>) -> Self {
        let mut settings = Settings::new(sink.parse().expect("a URL"));
        settings.batch_delay = Duration::from_millis(200);
        Self(tokio::spawn(follow(frontend, settings)).abort_handle())
    }
}

async fn follow(frontend: Arc<Process>, settings: Settings) {
    let pipeline = Pipeline::start(settings);
    let handle = pipeline.handle();
    let mut taken = 0;
    loop {
        let lines = frontend.lines();
        for line in &lines[taken..] {
            handle.line(line.to_string().as_bytes()).await;
        }
        taken = lines.len();
        tokio::time::sleep(LOOK).await;
    }
}
