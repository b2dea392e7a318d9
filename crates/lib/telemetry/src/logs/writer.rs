//! Lines on their way to standard output: gathered in memory, written by a thread of their own.
//!
//! Nobody who logs waits for a pipe or wakes a thread for each line, which is what makes lines
//! expensive under load: the writer wakes for the first line and then gathers for a moment.

use std::fmt::Arguments;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tracing_subscriber::fmt::MakeWriter;

use super::LostLines;

/// Bytes of lines that may wait for a slow reader; further lines are lost and counted.
const CAPACITY: usize = 4 << 20;

/// How long lines are gathered before they are written together.
const GATHER: Duration = Duration::from_millis(5);

/// Bytes that are written at once, if they are several lines: a pipe takes so many whole or not at
/// all (`PIPE_BUF`), so that it is known at any time which lines are in it.
const CHUNK: usize = 4096;

/// Takes lines, never blocks on output. Cheap to clone.
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
    /// No lines yet; those that are lost are counted in `lost`.
    pub(crate) fn new(lost: LostLines) -> Self {
        Self(Arc::new(Shared {
            waiting: Mutex::default(),
            changed: Condvar::new(),
            writing: AtomicU64::new(0),
            lost,
        }))
    }

    /// Starts the thread that writes to `output`, past the buffer that standard output has.
    ///
    /// # Errors
    /// When the system has no thread or file descriptor left.
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

    /// Writes all of `lines`, and counts down those that are not written to their end.
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
        if self.ended.recv_timeout(bound).is_ok() {
            return;
        }
        let waiting = count(&self.lines.0.lock().lines);
        let lost = waiting + self.lines.0.writing.load(Ordering::Relaxed);
        // Too late for a metric that is scraped.
        if lost > 0 {
            say(format_args!(
                "{lost} log lines are lost: standard output was not read within {bound:?}"
            ));
        }
    }
}

/// Says it on standard error, which may be as full as standard output: `eprintln!` would panic.
fn say(text: Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// As many whole lines as go together: at least one.
fn chunk(lines: &[u8]) -> &[u8] {
    let ends_line = |byte: &u8| *byte == b'\n';
    let together = &lines[..lines.len().min(CHUNK)];
    let end = match together.iter().rposition(ends_line) {
        Some(last) => last,
        None => lines.iter().position(ends_line).unwrap_or(lines.len() - 1),
    };
    &lines[..=end]
}

/// Writes some bytes, once `output` takes some. The other end of a pipe may have made it one that
/// does not block: then its reader is waited for here, as it is elsewhere by the system.
fn write_some(mut output: &File, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match output.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let mut files = [PollFd::new(output.as_fd(), PollFlags::POLLOUT)];
                // Interrupted or not: the next write says how things are.
                let _ = poll(&mut files, PollTimeout::NONE);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Lines end in a line feed.
fn count(lines: &[u8]) -> u64 {
    lines.iter().filter(|byte| **byte == b'\n').count() as u64
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
