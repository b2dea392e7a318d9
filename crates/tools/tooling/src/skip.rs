//! Skipped checks and their reasons: one line on standard output. Only this line distinguishes a
//! test that passed from one that did nothing, so only this module writes and parses it.

use std::fmt::Display;

const MARKER: &str = "skipped: ";

/// Prints the line.
pub fn skipped(why: impl Display) {
    println!("{}", line(&why.to_string()));
}

fn line(why: &str) -> String {
    let words: Vec<&str> = why.split_whitespace().collect();
    format!("{MARKER}{}", words.join(" "))
}

/// The lines in a program's output that [`skipped`] printed.
pub fn lines_of(output: &str) -> impl Iterator<Item = &str> {
    output.lines().filter(|line| line.starts_with(MARKER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_of_several_lines_becomes_one_line() {
        let written = line("setpriv is not allowed here:\n  no permission\n");
        let output = format!("running 1 test\n{written}\ntest it ... ok, not skipped: it ran\n");
        let found: Vec<&str> = lines_of(&output).collect();
        assert_eq!(
            found,
            ["skipped: setpriv is not allowed here: no permission"]
        );
    }
}
