//! Text in double quotes in TraceQL. Go's escapes that JSON lacks (`\x41`) are not supported.

/// The text at the start of `input`, which begins with `"`, and the length of the quoted form in
/// bytes; none if the quotes are not closed or an escape is unknown.
pub(super) fn take(input: &str) -> Option<(String, usize)> {
    let mut escaped = false;
    let (end, _) = input.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    })?;
    let text = serde_json::from_str(&input[..=end]).ok()?;
    Some((text, end + 1))
}
