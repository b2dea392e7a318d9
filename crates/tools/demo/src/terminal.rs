//! Standard error on a terminal: whole lines, and one live line that is redrawn.
//! Nothing here uses escape codes.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::{Mutex, PoisonError};

use terminal_size::{Width, terminal_size_of};

/// The width if the size of the terminal is unknown.
const COLUMNS: usize = 80;

/// The columns of the live line, 0 if there is none.
static DRAWN: Mutex<usize> = Mutex::new(0);

/// Writes `text` and a line break, in one piece. The live line is cleared first and redrawn later.
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
    // A closed terminal is no reason to end.
    let _ = stderr().write_all(text.as_bytes());
    let _ = stderr().flush();
}

/// Whether a line can be redrawn: on a terminal that moves its cursor back, if there is no other
/// output on it. Standard output counts if it is the same terminal and has `lines`.
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
