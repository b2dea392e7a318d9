//! The running parts, and how they are stopped: in order, and by a deadline.

use std::time::Duration;

use mini_alloy::Pipeline;
use tokio::time::{Instant, timeout};

use crate::child::Supervised;
use crate::cli::STOP_BOUND;
use crate::flags::Folder;
use crate::postgres::Postgres;
use crate::terminal::say;

/// The time that all callers together have to end before their callees are stopped.
const HEAD_START: Duration = Duration::from_millis(600);

/// The part of the time to stop that is reserved for what is stopped after the services.
const AFTER_SERVICES: Duration = Duration::from_millis(800);

/// How long usage-sink may take for the last usage lines.
const LAST_USAGE_LINES: Duration = Duration::from_millis(300);

/// Everything that was started, so that it can be stopped even if the start failed.
#[derive(Debug, Default)]
pub(crate) struct Running {
    /// Removed when everything has stopped.
    pub(crate) flags: Option<Folder>,
    pub(crate) postgres: Option<Postgres>,
    pub(crate) usage_sink: Option<Supervised>,
    pub(crate) pipeline: Option<Pipeline>,
    /// In the order in which they were started: callees before callers.
    pub(crate) services: Vec<Supervised>,
}

impl Running {
    /// Stops callers before callees, then the parts that they write to.
    pub(crate) async fn stop(self) {
        let deadline = Instant::now() + STOP_BOUND;
        let is_all = self.postgres.is_none() && self.usage_sink.is_none();
        let after = if is_all {
            Duration::ZERO
        } else {
            AFTER_SERVICES
        };
        stop_services(self.services, deadline - after).await;
        if let Some(pipeline) = self.pipeline {
            let lost = pipeline.stop(LAST_USAGE_LINES).await.dropped;
            if lost > 0 {
                say(&format!(
                    "demo: {lost} usage lines were lost because usage-sink did not accept them in time"
                ));
            }
        }
        if let Some(usage_sink) = self.usage_sink {
            // PostgreSQL does not wait for its clients to disconnect.
            usage_sink.stop(deadline - AFTER_SERVICES / 4).await;
        }
        if let Some(postgres) = self.postgres {
            postgres.stop(deadline).await;
        }
    }
}

/// Stops callers a little before callees, so that requests in flight can end, and everything by
/// the same deadline.
async fn stop_services(services: Vec<Supervised>, deadline: Instant) {
    let head_start = HEAD_START / u32::try_from(services.len().max(1)).unwrap_or(u32::MAX);
    let mut stopping = Vec::new();
    for service in services.into_iter().rev() {
        let mut stopped = tokio::spawn(service.stop(deadline));
        if timeout(head_start, &mut stopped).await.is_err() {
            stopping.push(stopped);
        }
    }
    for stopped in stopping {
        let _ = stopped.await;
    }
}
