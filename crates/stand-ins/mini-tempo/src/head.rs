//! The fields of an encoded span that searches look at.

use crate::trace::Span;
use crate::value::find;
use crate::wire::{Fields, Wire};
use crate::{Kind, SpanId, Status, TraceId, Value};

/// The number of the field with an attribute.
const ATTRIBUTE: u32 = 9;

/// A span, read once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) span: &'a Span,
    trace_id: &'a [u8],
    name: &'a [u8],
    parent: &'a [u8],
    kind: i32,
    status: i32,
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// The span's message from its first attribute on.
    attributes: &'a [u8],
}

impl<'a> Head<'a> {
    pub(crate) fn of(span: &'a Span) -> Self {
        let mut head = Self {
            span,
            trace_id: &[],
            name: &[],
            parent: &[],
            kind: 0,
            status: 0,
            start: 0,
            end: 0,
            attributes: &[],
        };
        let mut fields = Fields(span.message());
        loop {
            let here = fields.0;
            let Some((number, value)) = fields.next() else {
                return head;
            };
            match number {
                1 => head.trace_id = value.bytes(),
                4 => head.parent = value.bytes(),
                5 => head.name = value.bytes(),
                6 => head.kind = value.int32(),
                7 => head.start = value.number(),
                8 => head.end = value.number(),
                ATTRIBUTE if head.attributes.is_empty() => head.attributes = here,
                15 => head.status = Fields(value.bytes()).find(3).map_or(0, Wire::int32),
                _ => {}
            }
        }
    }

    pub(crate) fn name(&self) -> &'a str {
        Wire::Bytes(self.name).text()
    }

    pub(crate) fn trace_id(&self) -> Option<TraceId> {
        TraceId::from_otlp(self.trace_id)
    }

    pub(crate) fn parent_id(&self) -> Option<SpanId> {
        SpanId::from_otlp(self.parent)
    }

    pub(crate) fn kind(&self) -> Kind {
        Kind::from_otlp(self.kind)
    }

    pub(crate) fn status(&self) -> Status {
        Status::from_otlp(self.status)
    }

    pub(crate) fn duration_nanos(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    pub(crate) fn attribute(&self, key: &str) -> Option<Value<'a>> {
        find(self.attributes, ATTRIBUTE, key)
    }
}
