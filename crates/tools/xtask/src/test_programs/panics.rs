//! Panics in the output of a test program.

/// The panics in the output of a test program: the place, and the beginning of the message.
pub(super) fn find(output: &str) -> Vec<String> {
    const LINES: usize = 4;
    const CHARACTERS: usize = 600;
    let lines: Vec<&str> = output.lines().collect();
    let starts = (0..lines.len()).filter(|i| {
        let line = lines[*i];
        line.starts_with("thread '") && line.contains(" panicked at ")
    });
    starts
        .map(|start| {
            let rest = lines[start..].iter().take(LINES);
            let message = rest.take_while(|line| !line.starts_with("stack backtrace:"));
            let message: Vec<&str> = message.copied().collect();
            message.join("\n").chars().take(CHARACTERS).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_are_found_with_their_messages() {
        let output = "---- a stdout ----\n\nthread 'a' (7) panicked at tests/a.rs:3:5:\nwaited 60s \
                      in vain for the page\nstack backtrace:\n   0: main\n\nfailures:\n    a\n";
        let found = find(output);
        let expected =
            "thread 'a' (7) panicked at tests/a.rs:3:5:\nwaited 60s in vain for the page";
        assert_eq!(found, [expected]);
    }
}
