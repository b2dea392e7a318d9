//! What was skipped, and why: one line on standard output. A test that passes can be told from a test
//! that did nothing by that line alone, so only this module writes and reads it.

use std::fmt::Display;

const MARKER: &str = "skipped: ";

/// Writes the line.
pub fn skipped(why: impl Display) {
    println!("{}", line(&why.to_string()));
}

fn line(why: &str) -> String {
    let words: Vec<&str> = why.split_whitespace().collect();
    format!("{MARKER}{}", words.join(" "))
}

/// The lines that [`skipped`] wrote into a program's output.
pub fn lines_of(output: &str) -> impl Iterator<Item = &str> {
    output.lines().filter(|line| line.starts_with(MARKER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_of_several_lines_is_one_line_that_is_found() {
        let written = line("setpriv is not allowed here:\n  no permission\n");
        let output = format!("running 1 test\n{written}\ntest it ... ok, not skipped: it ran\n");
        let found: Vec<&str> = lines_of(&output).collect();
        assert_eq!(
            found,
            ["skipped: setpriv is not allowed here: no permission"]
        );
    }
}
