//! One worker's connections: kept alive, opened again when they break, given up when overdue.

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
    patience: Duration,
    /// Goes off when the patience with some request ends, this one or an earlier one: one timer for
    /// many requests costs less than one for each.
    overdue: Pin<Box<Sleep>>,
}

impl Connections {
    /// A request may take as long as `patience`.
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            open: Vec::new(),
            patience,
            overdue: Box::pin(sleep(patience)),
        }
    }

    /// Requests `endpoint` and reads the answer to its end; its status.
    ///
    /// # Errors
    /// [`Failure::Timeout`], [`Failure::Unreachable`] or [`Failure::Malformed`]; the next request
    /// connects anew.
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

    /// The exchange, or the end of the patience with it.
    async fn exchange(&mut self, endpoint: &Endpoint) -> Result<Answered, Failure> {
        let deadline = Instant::now() + self.patience;
        let exchange = exchange(&mut self.open[endpoint.server], endpoint);
        tokio::pin!(exchange);
        loop {
            tokio::select! {
                biased;
                result = &mut exchange => return result.map_err(|error| failure(&error)),
                () = &mut self.overdue => {
                    if Instant::now() >= deadline {
                        self.overdue.as_mut().reset(deadline + self.patience);
                        return Err(Failure::Timeout);
                    }
                    self.overdue.as_mut().reset(deadline);
                }
            }
        }
    }
}

/// A connection that was kept may have been closed by the server meanwhile; that is no failure of
/// this request, which gets another one.
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
