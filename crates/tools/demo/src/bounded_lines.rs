//! The output of a part, line by line. The length of a line is bounded, and so is the memory for
//! it.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// Reads the output of a part line by line.
pub(crate) struct BoundedLines<R> {
    reader: BufReader<R>,
    longest: usize,
}

/// A line without its end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its beginning, up to the bound.
    pub(crate) text: Vec<u8>,
    /// The number of bytes beyond the bound, which are discarded.
    pub(crate) cut: usize,
}

impl<R: AsyncRead + Unpin> BoundedLines<R> {
    /// Lines of up to `longest` bytes.
    pub(crate) fn new(reader: R, longest: usize) -> Self {
        Self {
            reader: BufReader::new(reader),
            longest,
        }
    }

    /// The next line; none at the end of the output or after a read error.
    pub(crate) async fn next(&mut self) -> Option<Line> {
        let mut line = Line::default();
        let mut is_empty = true;
        loop {
            let read = self.reader.fill_buf().await.ok()?;
            if read.is_empty() {
                return (!is_empty).then_some(line);
            }
            is_empty = false;
            let end = read.iter().position(|byte| *byte == b'\n');
            let part = &read[..end.unwrap_or(read.len())];
            let kept = part.len().min(self.longest - line.text.len());
            line.text.extend_from_slice(&part[..kept]);
            line.cut += part.len() - kept;
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                return Some(line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_is_whole_up_to_the_bound_and_cut_beyond_it() {
        let long = "x".repeat(100_000);
        let text = format!("\nabcd\nabcde\n{long}\nlast");
        let mut lines = BoundedLines::new(text.as_bytes(), 4);
        for (text, cut) in [
            ("", 0),
            ("abcd", 0),
            ("abcd", 1),
            ("xxxx", 99_996),
            ("last", 0),
        ] {
            let line = lines.next().await.expect("a line");
            assert_eq!((line.text.as_slice(), line.cut), (text.as_bytes(), cut));
            assert!(line.text.capacity() < 1024, "the rest is discarded");
        }
        assert_eq!(lines.next().await, None);
    }
}
