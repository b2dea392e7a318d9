//! Log lines: one flat JSON object each, with the ids of the current span.
//!
//! This is a layer of our own because `tracing-subscriber`'s JSON has no trace ids and allocates
//! for each field. Here, each line is built in a reused buffer.

mod lost;
mod pretty;
mod writer;

use std::cell::{Cell, RefCell};
use std::fmt::{Debug, Write as _};
use std::io::Write as _;

use serde::Serialize;
use serde_json::{Value, to_writer};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;

use crate::span::with_current;

pub(crate) use lost::LostLines;
pub(crate) use pretty::ForPeople;
pub(crate) use writer::{Lines, Writer};

/// RFC 3339 up to the second.
const SECOND: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");

/// Writes each event as a JSON line.
pub(crate) struct JsonLines<W> {
    /// The service name, as a JSON string with its quotes.
    logger: String,
    writer: W,
}

impl<W> JsonLines<W> {
    pub(crate) fn new(service: &str, writer: W) -> Self {
        let logger = Value::from(service).to_string();
        Self { logger, writer }
    }

    fn line(&self, event: &Event<'_>, line: &mut Vec<u8>) {
        line.extend_from_slice(b"{\"timestamp\":\"");
        push_timestamp(line);
        // Writing to a Vec cannot fail, here and below.
        let _ = write!(line, "Z\",\"level\":\"{}\"", event.metadata().level());
        let mut fields = Fields { line };
        event.record(&mut fields);
        let _ = write!(line, ",\"logger\":{}", self.logger);
        with_current(|span| {
            let (trace, span) = (span.trace_id(), span.span_id());
            write!(line, ",\"trace_id\":\"{trace}\",\"span_id\":\"{span}\"")
        });
        line.extend_from_slice(b"}\n");
    }
}

impl<S: Subscriber, W: for<'w> MakeWriter<'w> + 'static> Layer<S> for JsonLines<W> {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        thread_local! {
            /// Empty while in use: an event that is logged within another one gets its own buffer.
            static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
        }
        let mut line = BUFFER.take();
        line.clear();
        self.line(event, &mut line);
        // A failed write of a log line cannot be logged.
        let _ = self.writer.make_writer().write_all(&line);
        BUFFER.set(line);
    }
}

/// Appends the time in UTC with nanoseconds, with a fixed width, so that lines sort as text. The
/// date is computed once a second, not for each line.
fn push_timestamp(line: &mut Vec<u8>) {
    thread_local! {
        /// The last second written, since 1970, and its text.
        static SECOND_WRITTEN: RefCell<(i64, Vec<u8>)> = const { RefCell::new((-1, Vec::new())) };
    }
    let now = OffsetDateTime::now_utc();
    SECOND_WRITTEN.with_borrow_mut(|(second, text)| {
        if *second != now.unix_timestamp() {
            *second = now.unix_timestamp();
            text.clear();
            // Fails only for years with more than four digits.
            let _ = now.format_into(text, SECOND);
        }
        line.extend_from_slice(text);
    });
    let _ = write!(line, ".{:09}", now.nanosecond());
}

/// Appends `,"name":value` for each field.
struct Fields<'a> {
    line: &'a mut Vec<u8>,
}

impl Fields<'_> {
    fn field(&mut self, field: &Field, value: impl Serialize) {
        let _ = write!(self.line, ",\"{}\":", field.name());
        let _ = to_writer(&mut *self.line, &value);
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
        self.field(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        let _ = write!(text, "{value:?}");
        self.field(field, text);
    }
}
