//! Estimates the memory of a decoded request before it is decoded: two bytes of protobuf can become
//! a span of 300.

use std::mem::size_of;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::encoding::{WireType, decode_key, decode_varint};

/// The overhead of an allocation, in bytes.
const PER_ALLOCATION: usize = 16;

/// prost's own limit of nested messages.
const MAX_DEPTH: usize = 100;

/// A message type: its size in memory, and its fields that are messages or repeated texts.
struct Shape {
    size: usize,
    fields: &'static [(u32, &'static Shape)],
}

static REQUEST: Shape = shape::<ExportTraceServiceRequest>(&[(1, &RESOURCE_SPANS)]);
static RESOURCE_SPANS: Shape = shape::<ResourceSpans>(&[(1, &RESOURCE), (2, &SCOPE_SPANS)]);
static RESOURCE: Shape = shape::<Resource>(&[(1, &KEY_VALUE), (3, &ENTITY)]);
static ENTITY: Shape = shape::<EntityRef>(&[(3, &TEXT), (4, &TEXT)]);
static SCOPE_SPANS: Shape = shape::<ScopeSpans>(&[(1, &SCOPE), (2, &SPAN)]);
static SCOPE: Shape = shape::<InstrumentationScope>(&[(3, &KEY_VALUE)]);
static SPAN: Shape = shape::<Span>(&[(9, &KEY_VALUE), (11, &EVENT), (13, &LINK), (15, &STATUS)]);
static EVENT: Shape = shape::<Event>(&[(3, &KEY_VALUE)]);
static LINK: Shape = shape::<Link>(&[(4, &KEY_VALUE)]);
static STATUS: Shape = shape::<Status>(&[]);
static KEY_VALUE: Shape = shape::<KeyValue>(&[(2, &ANY_VALUE)]);
static ANY_VALUE: Shape = shape::<AnyValue>(&[(5, &ARRAY), (6, &MAP)]);
static ARRAY: Shape = shape::<ArrayValue>(&[(1, &ANY_VALUE)]);
static MAP: Shape = shape::<KeyValueList>(&[(1, &KEY_VALUE)]);
static TEXT: Shape = shape::<String>(&[]);

const fn shape<T>(fields: &'static [(u32, &'static Shape)]) -> Shape {
    Shape {
        size: size_of::<T>(),
        fields,
    }
}

/// The memory, in bytes, that an `ExportTraceServiceRequest` in protobuf takes once it is decoded,
/// accurate to a third. None if prost would not decode it either.
pub(crate) fn of_protobuf(body: &[u8]) -> Option<usize> {
    of_message(body, &REQUEST, 0)
}

/// An upper bound of the memory, in bytes, of a request in JSON: every object counts as a span, the
/// largest message.
pub(crate) fn of_json(body: &[u8]) -> usize {
    let objects = body.iter().filter(|byte| **byte == b'{').count();
    body.len() + objects * size_of::<Span>()
}

fn of_message(mut body: &[u8], shape: &Shape, depth: usize) -> Option<usize> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut size = shape.size;
    while !body.is_empty() {
        let (number, wire_type) = decode_key(&mut body).ok()?;
        let length = match wire_type {
            WireType::Varint => {
                decode_varint(&mut body).ok()?;
                continue;
            }
            WireType::SixtyFourBit => 8,
            WireType::ThirtyTwoBit => 4,
            WireType::LengthDelimited => usize::try_from(decode_varint(&mut body).ok()?).ok()?,
            // OTLP has no groups.
            WireType::StartGroup | WireType::EndGroup => return None,
        };
        let (field, rest) = body.split_at_checked(length)?;
        body = rest;
        if wire_type != WireType::LengthDelimited {
            continue;
        }
        let mut fields = shape.fields.iter();
        size += match fields.find(|(known, _)| *known == number) {
            Some((_, shape)) if shape.fields.is_empty() => shape.size + length + PER_ALLOCATION,
            Some((_, shape)) => of_message(field, shape, depth + 1)?,
            None => length + PER_ALLOCATION,
        };
    }
    Some(size)
}
