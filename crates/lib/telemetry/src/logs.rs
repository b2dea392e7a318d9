//! Log lines: one flat JSON object each, with the ids of the current span.
//!
//! This is a layer of our own because `tracing-subscriber`'s JSON has no trace ids and allocates
//! for each field. Here, each line is built in a reused buffer, and what every line has is written
//! without `std::fmt`, which would take half of the time.

mod fields;
mod lost;
mod pretty;
mod text;
mod writer;

use std::cell::Cell;
use std::io::Write as _;

use serde_json::Value;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;

use self::fields::Fields;
use crate::span::with_current;

pub(crate) use lost::LostLines;
pub(crate) use pretty::ForPeople;
pub(crate) use writer::{Lines, Writer};

/// Writes each event as a JSON line.
pub(crate) struct JsonLines<W> {
    /// `,"logger":` with the service name as a JSON string.
    logger: String,
    writer: W,
}

impl<W> JsonLines<W> {
    pub(crate) fn new(service: &str, writer: W) -> Self {
        let logger = format!(",\"logger\":{}", Value::from(service));
        Self { logger, writer }
    }

    fn line(&self, event: &Event<'_>, line: &mut Vec<u8>) {
        line.extend_from_slice(b"{\"timestamp\":\"");
        text::push_now(line);
        line.extend_from_slice(b"\",\"level\":\"");
        line.extend_from_slice(event.metadata().level().as_str().as_bytes());
        line.push(b'"');
        event.record(&mut Fields { line });
        line.extend_from_slice(self.logger.as_bytes());
        with_current(|span| {
            line.extend_from_slice(b",\"trace_id\":\"");
            text::push_hex(line, &span.trace_id().to_bytes());
            line.extend_from_slice(b"\",\"span_id\":\"");
            text::push_hex(line, &span.span_id().to_bytes());
            line.push(b'"');
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
