//! A trace in OTLP's grouping, copied from the encoded spans.

use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};

use crate::Span;
use crate::source::{Envelope, Origin, Source};

/// The number of the field with the parts of a `TracesData`, and of a `TraceByIDResponse` with its
/// trace and its metrics.
const RESOURCE_SPANS: u32 = 1;
const TRACE: u32 = 1;
const METRICS: u32 = 2;

/// The number of the field with the `ScopeSpans` of a `ResourceSpans`, and with the spans of a
/// `ScopeSpans`.
const SCOPE_SPANS: u32 = 2;
const SPANS: u32 = 2;

/// The spans of a resource.
struct Batch<'a> {
    origin: &'a Origin,
    scopes: Vec<Group<'a>>,
}

/// The spans of a scope.
struct Group<'a> {
    source: &'a Source,
    spans: Vec<&'a Span>,
}

/// `tempopb.Trace`, which has the wire format of OTLP's `TracesData`: the spans by resource and
/// scope. Spans of one service from several requests form one group.
pub(crate) fn trace(spans: &[Span]) -> Vec<u8> {
    let batches = group(spans);
    let lengths = batches.iter().map(|batch| framed(batch.bytes()));
    let mut message = Vec::with_capacity(lengths.sum());
    for batch in &batches {
        batch.write(&mut message);
    }
    message
}

/// `tempopb.TraceByIDResponse`, whose status always has its default, COMPLETE.
pub(crate) fn trace_by_id(trace: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(framed(trace.len()) + framed(0));
    frame(TRACE, trace.len(), &mut message);
    message.extend_from_slice(trace);
    frame(METRICS, 0, &mut message);
    message
}

fn group(spans: &[Span]) -> Vec<Batch<'_>> {
    let mut batches: Vec<Batch<'_>> = Vec::new();
    for span in spans {
        let source = &*span.source;
        let of_origin = |batch: &Batch<'_>| *batch.origin == *source.origin;
        let batch = batches.iter().position(of_origin).unwrap_or_else(|| {
            batches.push(Batch {
                origin: &source.origin,
                scopes: Vec::new(),
            });
            batches.len() - 1
        });
        batches[batch].add(source, span);
    }
    batches
}

impl<'a> Batch<'a> {
    fn add(&mut self, source: &'a Source, span: &'a Span) {
        let scopes = &mut self.scopes;
        let of_source = |group: &Group<'_>| group.source.envelope == source.envelope;
        let group = scopes.iter().position(of_source).unwrap_or_else(|| {
            scopes.push(Group {
                source,
                spans: Vec::new(),
            });
            scopes.len() - 1
        });
        scopes[group].spans.push(span);
    }

    fn bytes(&self) -> usize {
        let scopes = self.scopes.iter().map(|group| framed(group.bytes()));
        self.origin.envelope.bytes() + scopes.sum::<usize>()
    }

    fn write(&self, message: &mut Vec<u8>) {
        let Envelope { before, after } = &self.origin.envelope;
        frame(RESOURCE_SPANS, self.bytes(), message);
        message.extend_from_slice(before);
        for group in &self.scopes {
            group.write(message);
        }
        message.extend_from_slice(after);
    }
}

impl Group<'_> {
    fn bytes(&self) -> usize {
        let spans = self.spans.iter().map(|span| framed(span.message().len()));
        self.source.envelope.bytes() + spans.sum::<usize>()
    }

    fn write(&self, message: &mut Vec<u8>) {
        let Envelope { before, after } = &self.source.envelope;
        frame(SCOPE_SPANS, self.bytes(), message);
        message.extend_from_slice(before);
        for span in &self.spans {
            frame(SPANS, span.message().len(), message);
            message.extend_from_slice(span.message());
        }
        message.extend_from_slice(after);
    }
}

/// The length of a field whose content has `length` bytes. All numbers are below 16.
fn framed(length: usize) -> usize {
    key_len(RESOURCE_SPANS) + encoded_len_varint(length as u64) + length
}

/// Writes the key and the length of a field.
fn frame(number: u32, length: usize, message: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, message);
    encode_varint(length as u64, message);
}
