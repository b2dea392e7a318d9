//! Standard error as a person sees it: whole lines, and one live line that is drawn again and again.
//! Nothing here uses escape codes.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::{Mutex, PoisonError};

use terminal_size::{Width, terminal_size_of};

/// Where the size is not known.
const COLUMNS: usize = 80;

/// The columns that the live line takes, 0 while there is none.
static DRAWN: Mutex<usize> = Mutex::new(0);

/// Writes `text` and a line break, in one piece. The live line makes room and is drawn again later.
pub(crate) fn say(text: &str) {
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    let room = match std::mem::take(&mut *drawn) {
        0 => String::new(),
        columns => format!("\r{:columns$}\r", ""),
    };
    write(&format!("{room}{text}\n"));
}

/// Draws the live line over the one before.
pub(crate) fn draw(line: &str) {
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    let before = *drawn;
    *drawn = line.chars().count();
    write(&format!("\r{line:before$}"));
}

fn write(text: &str) {
    // A terminal that has gone is no reason to end.
    let _ = stderr().write_all(text.as_bytes());
    let _ = stderr().flush();
}

/// Whether a line can be drawn over: on a terminal that moves its cursor back, and that nothing else
/// writes to. Standard output does when it is the same terminal and has `lines`.
pub(crate) fn has_live_line(lines: bool) -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    let is_shared = lines && stdout().is_terminal();
    stderr().is_terminal() && !is_dumb && !is_shared
}

/// The columns of the terminal.
pub(crate) fn columns() -> usize {
    match terminal_size_of(stderr()) {
        Some((Width(columns), _)) if columns > 0 => usize::from(columns),
        _ => COLUMNS,
    }
}
