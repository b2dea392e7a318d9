//! Ending early: Ctrl-C cancels what has not begun and lets requests in flight complete.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

/// How long requests in flight may take to complete after a stop. The slowest roll takes 1 s.
const GRACE: Duration = Duration::from_secs(2);

/// Whether the run should end. Clones share the state.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    requested: watch::Receiver<bool>,
    /// The task that waits for the signal; it ends with the last clone.
    _watcher: Arc<JoinSet<()>>,
}

impl Stop {
    /// Stops when `shutdown` is ready.
    pub(crate) fn when(shutdown: impl Future<Output = ()> + Send + 'static) -> Self {
        let (sender, requested) = watch::channel(false);
        let mut watcher = JoinSet::new();
        watcher.spawn(async move {
            shutdown.await;
            let _ = sender.send(true);
        });
        Self {
            requested,
            _watcher: Arc::new(watcher),
        }
    }

    pub(crate) fn is_requested(&self) -> bool {
        *self.requested.borrow()
    }

    /// Ready once the run should end.
    pub(crate) async fn requested(&self) {
        let mut requested = self.requested.clone();
        let _ = requested.wait_for(|requested| *requested).await;
    }

    /// Sleeps; returns false if interrupted by a stop.
    pub(crate) async fn sleep(&self, time: Duration) -> bool {
        tokio::select! {
            () = self.requested() => false,
            () = sleep(time) => true,
        }
    }

    /// Completes `work`, or cancels it 2 s after a stop.
    pub(crate) async fn finish<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(work);
        tokio::select! {
            biased;
            done = &mut work => Some(done),
            () = self.requested() => timeout_at(Instant::now() + GRACE, work).await.ok(),
        }
    }
}
