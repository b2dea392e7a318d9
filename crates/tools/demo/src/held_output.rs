//! What a part writes on standard error: held back until the part is ready, because it is then either
//! of no interest or the reason why the demo ends; passed on after that.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::process::ChildStderr;
use tokio::task::JoinHandle;

use crate::bounded_lines::{BoundedLines, Line};
use crate::terminal::say;

/// Lines of each kind that are kept.
const KEPT: usize = 20;

/// Bytes of a line that are kept.
const LONGEST: usize = 2_000;

/// The last words of one part. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    is_let_out: bool,
    stderr: VecDeque<String>,
    /// Log lines, which are its words when it has no others.
    stdout: VecDeque<String>,
}

impl Words {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes on what was held back, and from now on each line as it comes.
    pub(crate) fn let_out(&self) {
        let mut kept = self.kept();
        kept.is_let_out = true;
        for line in kept.stderr.drain(..) {
            say(&line);
        }
        kept.stdout.clear();
    }

    pub(crate) fn are_let_out(&self) -> bool {
        self.kept().is_let_out
    }

    /// Takes each line of `stderr`, until its last.
    pub(crate) fn follow(&self, stderr: ChildStderr) -> JoinHandle<()> {
        let words = self.clone();
        tokio::spawn(async move {
            let mut lines = BoundedLines::new(stderr, LONGEST);
            while let Some(Line { text: line, cut }) = lines.next().await {
                let mut line = text(&line);
                if cut > 0 {
                    line.push_str(" [...]");
                }
                let mut kept = words.kept();
                if kept.is_let_out {
                    drop(kept);
                    say(&line);
                } else {
                    keep(&mut kept.stderr, line);
                }
            }
        })
    }

    /// A line on standard output.
    pub(crate) fn log_line(&self, line: &[u8]) {
        let mut kept = self.kept();
        if !kept.is_let_out {
            keep(&mut kept.stdout, text(line));
        }
    }

    /// Why the demo ends: `name` ended before it was ready, in its own words.
    pub(crate) fn of_first_end(&self, name: &str, how: &str) -> String {
        let kept = self.kept();
        let words = if kept.stderr.is_empty() {
            &kept.stdout
        } else {
            &kept.stderr
        };
        if words.is_empty() {
            return format!("{name} ended at its first start ({how}) without a word");
        }
        let lines: String = words.iter().map(|line| format!("\n  {line}")).collect();
        format!("{name} ended at its first start ({how}). Its last words:{lines}")
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
