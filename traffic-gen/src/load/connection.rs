//! One worker's connections: kept alive, reopened when they break, dropped at a timeout.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::http1::{Answered, Connection};
use super::target::Endpoint;
use crate::error::Failure;

/// At most one connection to each server.
pub(super) struct Connections {
    open: Vec<Option<Connection>>,
    timeout: Duration,
    /// Fires when some request times out, this one or an earlier one: one timer for many requests
    /// is cheaper than one for each.
    overdue: Pin<Box<Sleep>>,
}

impl Connections {
    /// Each request times out after `timeout`.
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            open: Vec::new(),
            timeout,
            overdue: Box::pin(sleep(timeout)),
        }
    }

    /// Requests `endpoint`, reads the whole answer and returns its status.
    ///
    /// # Errors
    /// [`Failure::Timeout`], [`Failure::Unreachable`] or [`Failure::Malformed`]; the next request
    /// opens a new connection.
    pub(super) async fn get(&mut self, endpoint: &Endpoint) -> Result<u16, Failure> {
        if self.open.len() <= endpoint.server {
            self.open.resize_with(endpoint.server + 1, || None);
        }
        let result = self.exchange(endpoint).await;
        match result {
            Ok(Answered {
                status,
                is_kept: true,
            }) => Ok(status),
            result => {
                self.open[endpoint.server] = None;
                result.map(|answered| answered.status)
            }
        }
    }

    /// Runs the exchange until it completes or times out.
    async fn exchange(&mut self, endpoint: &Endpoint) -> Result<Answered, Failure> {
        let deadline = Instant::now() + self.timeout;
        let exchange = exchange(&mut self.open[endpoint.server], endpoint);
        tokio::pin!(exchange);
        loop {
            tokio::select! {
                biased;
                result = &mut exchange => return result.map_err(|error| failure(&error)),
                () = &mut self.overdue => {
                    if Instant::now() >= deadline {
                        self.overdue.as_mut().reset(deadline + self.timeout);
                        return Err(Failure::Timeout);
                    }
                    self.overdue.as_mut().reset(deadline);
                }
            }
        }
    }
}

/// The server may have closed a kept-alive connection in the meantime. This is not a failure: the
/// request is sent again on a new connection.
async fn exchange(slot: &mut Option<Connection>, endpoint: &Endpoint) -> io::Result<Answered> {
    if let Some(kept) = slot {
        match kept.exchange(&endpoint.request).await {
            Err(_) if !kept.has_answered() => {}
            result => return result,
        }
    }
    let connection = slot.insert(Connection::open(&endpoint.authority).await?);
    connection.exchange(&endpoint.request).await
}

fn failure(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::InvalidData => Failure::Malformed,
        _ => Failure::Unreachable,
    }
}
