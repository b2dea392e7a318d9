//! The fields of an event as JSON.

use std::fmt::{self, Debug, Write};

use serde::Serialize;
use tracing::field::{Field, Visit};

use super::text;

/// Appends `,"name":value` for each field.
pub(super) struct Fields<'a> {
    pub(super) line: &'a mut Vec<u8>,
}

impl Fields<'_> {
    fn name(&mut self, field: &Field) {
        self.line.extend_from_slice(b",\"");
        self.line.extend_from_slice(field.name().as_bytes());
        self.line.extend_from_slice(b"\":");
    }

    fn field(&mut self, field: &Field, value: impl Serialize) {
        self.name(field);
        // Writing to a Vec cannot fail, here and below.
        let _ = serde_json::to_writer(&mut *self.line, &value);
    }
}

impl Visit for Fields<'_> {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.field(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.field(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.field(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.field(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        self.line.push(b'"');
        text::push_escaped(self.line, value);
        self.line.push(b'"');
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.name(field);
        self.line.push(b'"');
        let _ = write!(Escaped(self.line), "{value:?}");
        self.line.push(b'"');
    }
}

/// Escapes a text that arrives in parts.
struct Escaped<'a>(&'a mut Vec<u8>);

impl Write for Escaped<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        text::push_escaped(self.0, part);
        Ok(())
    }
}
