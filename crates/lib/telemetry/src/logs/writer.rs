//! The path of lines to standard output: they are collected in memory and written by a thread.
//!
//! Code that logs neither waits for a pipe nor wakes a thread for each line, which would make lines
//! expensive under load: the writer wakes for the first line, and then waits a moment for more.

use std::fmt::Arguments;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use memchr::memchr_iter;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tracing_subscriber::fmt::MakeWriter;

use super::LostLines;

/// The maximum size of waiting lines in bytes; further lines are dropped and counted.
const CAPACITY: usize = 4 << 20;

/// How long lines are collected before they are written together.
const GATHER: Duration = Duration::from_millis(5);

/// The maximum size of a write of several lines in bytes: a pipe accepts that many at once or none
/// (`PIPE_BUF`), so it is always known which lines are in it.
const CHUNK: usize = 4096;

/// Accepts lines without waiting for the output. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Lines(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    /// Lines that are being written.
    writing: AtomicU64,
    lost: LostLines,
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
    /// An empty queue; lost lines are counted in `lost`.
    pub(crate) fn new(lost: LostLines) -> Self {
        Self(Arc::new(Shared {
            waiting: Mutex::default(),
            changed: Condvar::new(),
            writing: AtomicU64::new(0),
            lost,
        }))
    }

    /// Starts the thread that writes to `output`, bypassing the buffer of standard output.
    ///
    /// # Errors
    /// If the system has no thread or file descriptor left.
    pub(crate) fn write_to(self, output: &impl AsFd) -> io::Result<Writer> {
        let output = File::from(output.as_fd().try_clone_to_owned()?);
        let (end, ended) = sync_channel(1);
        let lines = self.clone();
        let thread = std::thread::Builder::new().name("logs".to_owned());
        thread.spawn(move || {
            self.0.write_until_closed(&output);
            let _ = end.send(());
        })?;
        Ok(Writer { lines, ended })
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting
            .lock()
            .expect("nothing panics while it is held")
    }

    fn push(&self, line: &[u8]) {
        self.lost.made.inc();
        self.lost.bytes.inc_by(line.len() as u64);
        let mut waiting = self.lock();
        if waiting.lines.len() + line.len() > CAPACITY {
            self.lost.queue_full.inc();
            return;
        }
        let first = waiting.lines.is_empty();
        waiting.lines.extend_from_slice(line);
        drop(waiting);
        if first {
            self.changed.notify_one();
        }
    }

    fn write_until_closed(&self, output: &File) {
        let mut lines = Vec::new();
        let mut failing = false;
        while self.take(&mut lines) {
            self.writing.store(count(&lines), Ordering::Relaxed);
            let written = self.write(output, &lines);
            if let Err(error) = &written {
                let lost = self.writing.load(Ordering::Relaxed);
                self.lost.write_failed.inc_by(lost);
                if !failing {
                    say(format_args!(
                        "log lines are being lost: standard output cannot be written ({error}); \
                         telemetry_log_lines_dropped_total counts them"
                    ));
                }
            }
            failing = written.is_err();
            self.writing.store(0, Ordering::Relaxed);
            lines.clear();
        }
    }

    /// Writes all of `lines`; `writing` is the number of lines that are not completely written.
    fn write(&self, output: &File, lines: &[u8]) -> io::Result<()> {
        let mut rest = lines;
        while !rest.is_empty() {
            let written = write_some(output, chunk(rest))?;
            let (done, left) = rest.split_at(written);
            self.writing.fetch_sub(count(done), Ordering::Relaxed);
            rest = left;
        }
        Ok(())
    }

    /// Waits for lines, collects more for a moment, and puts them into `lines`, which is empty.
    /// False if the queue is empty and closed.
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
    /// Writes the waiting lines, for up to `bound`; later lines are not written.
    pub(crate) fn close(self, bound: Duration) {
        self.lines.0.lock().closed = true;
        self.lines.0.changed.notify_one();
        if self.ended.recv_timeout(bound).is_ok() {
            return;
        }
        let waiting = count(&self.lines.0.lock().lines);
        let lost = waiting + self.lines.0.writing.load(Ordering::Relaxed);
        // Too late for the metric: the process ends before the next scrape.
        if lost > 0 {
            say(format_args!(
                "{lost} log lines are lost: standard output was not read within {bound:?}"
            ));
        }
    }
}

/// Prints `text` on standard error. That may fail like standard output, where `eprintln!` would
/// panic.
fn say(text: Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// The first whole lines that fit into one write, at least one.
fn chunk(lines: &[u8]) -> &[u8] {
    let ends_line = |byte: &u8| *byte == b'\n';
    let together = &lines[..lines.len().min(CHUNK)];
    let end = match together.iter().rposition(ends_line) {
        Some(last) => last,
        None => lines.iter().position(ends_line).unwrap_or(lines.len() - 1),
    };
    &lines[..=end]
}

/// Waits until `output` accepts bytes, and writes some. The other end of a pipe may have made it
/// non-blocking; this then waits like a blocking write.
fn write_some(mut output: &File, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match output.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let mut files = [PollFd::new(output.as_fd(), PollFlags::POLLOUT)];
                // The next write reports any error.
                let _ = poll(&mut files, PollTimeout::NONE);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// The number of complete lines.
fn count(lines: &[u8]) -> u64 {
    memchr_iter(b'\n', lines).count() as u64
}

/// Each write is one or several complete lines.
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
