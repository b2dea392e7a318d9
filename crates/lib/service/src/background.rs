//! Tasks that outlive the request that started them, such as a batch whose client has left.

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The background tasks of one server, which awaits them before it ends. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Background {
    tasks: TaskTracker,
    cut: CancellationToken,
}

impl Background {
    /// Starts a task.
    pub fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.tasks.spawn(task)
    }

    /// Ready when the time for all tasks is over; unfinished work is lost. A task has half a second
    /// left to log.
    pub async fn is_cut(&self) {
        self.cut.cancelled().await;
    }

    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }

    pub(crate) fn running(&self) -> usize {
        self.tasks.len()
    }

    /// Ready when no task is running and none will start.
    pub(crate) async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}
