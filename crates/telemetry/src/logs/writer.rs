//! Lines on their way to standard output: gathered in memory, written by a thread of their own.
//!
//! Nobody who logs waits for a pipe or wakes a thread for each line, which is what makes lines
//! expensive under load: the writer wakes for the first line and then gathers for a moment.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Bytes of lines that may wait for a slow reader; further lines are dropped and counted.
const CAPACITY: usize = 4 << 20;

/// How long lines are gathered before they are written together.
const GATHER: Duration = Duration::from_millis(5);

/// Takes lines, never blocks on output. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    closed: bool,
}

/// The writing thread.
#[derive(Debug)]
pub(crate) struct Writer {
    lines: Lines,
    ended: Receiver<()>,
}

impl Lines {
    /// Starts the thread that writes to `output`.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn write_to(self, output: impl Write + Send + 'static) -> io::Result<Writer> {
        let (end, ended) = sync_channel(1);
        let lines = self.clone();
        let thread = std::thread::Builder::new().name("logs".to_owned());
        thread.spawn(move || {
            self.0.write_until_closed(output);
            let _ = end.send(());
        })?;
        Ok(Writer { lines, ended })
    }

    /// Lines dropped so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting
            .lock()
            .expect("nothing panics while it is held")
    }

    fn push(&self, line: &[u8]) {
        let mut waiting = self.lock();
        if waiting.lines.len() + line.len() > CAPACITY {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let first = waiting.lines.is_empty();
        waiting.lines.extend_from_slice(line);
        drop(waiting);
        if first {
            self.changed.notify_one();
        }
    }

    fn write_until_closed(&self, mut output: impl Write) {
        let mut lines = Vec::new();
        while self.take(&mut lines) {
            // There is nowhere to report a failed write of log lines to.
            let _ = output.write_all(&lines).and_then(|()| output.flush());
            lines.clear();
        }
    }

    /// Waits for lines, gathers, and exchanges them for the empty `lines`. False when there are
    /// none and none will come.
    fn take(&self, lines: &mut Vec<u8>) -> bool {
        const POISONED: &str = "nothing panics while it is held";
        let idle = |waiting: &mut Waiting| waiting.lines.is_empty() && !waiting.closed;
        let waiting = self.changed.wait_while(self.lock(), idle).expect(POISONED);
        let open = |waiting: &mut Waiting| !waiting.closed;
        let gathered = self.changed.wait_timeout_while(waiting, GATHER, open);
        let (mut waiting, _) = gathered.expect(POISONED);
        std::mem::swap(lines, &mut waiting.lines);
        !lines.is_empty()
    }
}

impl Writer {
    /// Writes what is waiting, for up to `bound`; lines that come later are not written.
    pub(crate) fn close(self, bound: Duration) {
        self.lines.0.lock().closed = true;
        self.lines.0.changed.notify_one();
        let _ = self.ended.recv_timeout(bound);
    }
}

/// Each write is one line, or several whole ones.
impl Write for Lines {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.0.push(lines);
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
