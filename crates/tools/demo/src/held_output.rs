//! The output of a part on standard error: held back until the part is ready, because until then it
//! is either irrelevant or the reason why the demo ends; passed on after that.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::process::ChildStderr;
use tokio::task::JoinHandle;

use crate::bounded_lines::{BoundedLines, Line};
use crate::terminal::say;

/// The number of lines kept of each stream.
const KEPT: usize = 20;

/// The number of bytes kept of a line.
const LONGEST: usize = 2_000;

/// The latest output of one part. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct HeldOutput(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    is_released: bool,
    stderr: VecDeque<String>,
    /// Log lines, used if standard error is empty.
    stdout: VecDeque<String>,
}

impl HeldOutput {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes on the lines held back, and from now on each line as it arrives.
    pub(crate) fn release(&self) {
        let mut kept = self.kept();
        kept.is_released = true;
        for line in kept.stderr.drain(..) {
            say(&line);
        }
        kept.stdout.clear();
    }

    pub(crate) fn is_released(&self) -> bool {
        self.kept().is_released
    }

    /// Reads each line of `stderr` until its end.
    pub(crate) fn follow(&self, stderr: ChildStderr) -> JoinHandle<()> {
        let held = self.clone();
        tokio::spawn(async move {
            let mut lines = BoundedLines::new(stderr, LONGEST);
            while let Some(Line { text: line, cut }) = lines.next().await {
                let mut line = text(&line);
                if cut > 0 {
                    line.push_str(" [...]");
                }
                let mut kept = held.kept();
                if kept.is_released {
                    drop(kept);
                    say(&line);
                } else {
                    keep(&mut kept.stderr, line);
                }
            }
        })
    }

    /// Keeps a line of standard output.
    pub(crate) fn log_line(&self, line: &[u8]) {
        let mut kept = self.kept();
        if !kept.is_released {
            keep(&mut kept.stdout, text(line));
        }
    }

    /// Why the demo ends: `name` ended before it was ready; includes its last lines.
    pub(crate) fn startup_failure(&self, name: &str, how: &str) -> String {
        let kept = self.kept();
        let lines = if kept.stderr.is_empty() {
            &kept.stdout
        } else {
            &kept.stderr
        };
        if lines.is_empty() {
            return format!("{name} ended during startup ({how}) without any output");
        }
        let lines: String = lines.iter().map(|line| format!("\n  {line}")).collect();
        format!("{name} ended during startup ({how}). Its last lines:{lines}")
    }
}

fn text(line: &[u8]) -> String {
    let line = &line[..line.len().min(LONGEST)];
    String::from_utf8_lossy(line).trim_end().to_owned()
}

fn keep(lines: &mut VecDeque<String>, line: String) {
    if lines.len() == KEPT {
        lines.pop_front();
    }
    lines.push_back(line);
}
