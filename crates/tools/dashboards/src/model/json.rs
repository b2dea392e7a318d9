//! The layout of a dashboard's file.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// Values below this depth are written on one line: a property of a panel is one line of a diff, and
/// the largest dashboard is small enough for `kubectl apply`, which keeps a copy of a ConfigMap in an
/// annotation of at most 256 KiB.
const DEPTH: usize = 3;

/// The text of a file, which ends in a newline.
pub(crate) fn text(value: &Value) -> String {
    let mut text = Vec::new();
    let layout = Layout::default();
    let written = value.serialize(&mut Serializer::with_formatter(&mut text, layout));
    written.expect("a value can be written to memory");
    text.push(b'\n');
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// Indents values down to [`DEPTH`].
#[derive(Debug, Default)]
struct Layout {
    depth: usize,
    /// Whether the value that ends has something in it.
    filled: bool,
}

impl Layout {
    fn begin<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.filled = false;
        writer.write_all(bracket)
    }

    fn item<W: ?Sized + Write>(&self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        if self.depth <= DEPTH {
            return self.new_line(writer);
        }
        if first {
            Ok(())
        } else {
            writer.write_all(b" ")
        }
    }

    fn end<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        let has_lines = self.filled && self.depth <= DEPTH;
        self.depth -= 1;
        self.filled = true;
        if has_lines {
            self.new_line(writer)?;
        }
        writer.write_all(bracket)
    }

    fn new_line<W: ?Sized + Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b"  "))
    }
}

impl Formatter for Layout {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.item(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.item(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn deep_values_are_on_one_line() {
        let panel = json!({ "id": 1, "options": { "a": [], "b": [1, { "c": 2 }] } });
        let written = text(&json!({ "none": [], "panels": [panel] }));
        let expected = "{\n  \"none\": [],\n  \"panels\": [\n    {\n      \"id\": 1,\n      \
             \"options\": {\"a\": [], \"b\": [1, {\"c\": 2}]}\n    }\n  ]\n}\n";
        assert_eq!(written, expected);
    }
}
