//! Trims spans: truncates long texts, omits deeply nested values, and measures the memory of the
//! rest.

use std::mem::size_of;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;

/// The maximum length of a text, in bytes of UTF-8; longer ones are truncated. It is Tempo's
/// `max_attribute_bytes`, applied to every name, key and value.
pub const MAX_TEXT_BYTES: usize = 2048;

/// The maximum number of nested lists in an attribute's value; deeper values are omitted, so the
/// JSON of an answer stays far below serde_json's limit of 128 levels.
pub const MAX_VALUE_DEPTH: usize = 16;

/// The smallest block of the allocator, including its header, in bytes.
const SMALLEST_ALLOCATION: usize = 32;

/// Trims messages and adds up the memory that they own, in bytes.
///
/// The beginning of a long text is copied, not shrunk in place: in place, it would keep the
/// allocator from using the rest of its block for the next text of that length.
#[derive(Debug, Default)]
pub(crate) struct Trimmer {
    pub(crate) bytes: usize,
    /// Truncated texts and omitted values.
    pub(crate) cuts: u64,
}

impl Trimmer {
    pub(crate) fn span(&mut self, span: &mut Span) {
        self.raw(&mut span.trace_id);
        self.raw(&mut span.span_id);
        self.raw(&mut span.parent_span_id);
        self.text(&mut span.trace_state);
        self.text(&mut span.name);
        self.attributes(&mut span.attributes);
        self.list(&mut span.events, |trimmer, event| {
            trimmer.text(&mut event.name);
            trimmer.attributes(&mut event.attributes);
        });
        self.list(&mut span.links, |trimmer, link| {
            trimmer.raw(&mut link.trace_id);
            trimmer.raw(&mut link.span_id);
            trimmer.text(&mut link.trace_state);
            trimmer.attributes(&mut link.attributes);
        });
        if let Some(status) = &mut span.status {
            self.text(&mut status.message);
        }
    }

    pub(crate) fn resource(&mut self, resource: &mut Resource) {
        self.attributes(&mut resource.attributes);
        self.list(&mut resource.entity_refs, |trimmer, entity| {
            trimmer.text(&mut entity.schema_url);
            trimmer.text(&mut entity.r#type);
            trimmer.list(&mut entity.id_keys, Self::text);
            trimmer.list(&mut entity.description_keys, Self::text);
        });
    }

    pub(crate) fn scope(&mut self, scope: &mut InstrumentationScope) {
        self.text(&mut scope.name);
        self.text(&mut scope.version);
        self.attributes(&mut scope.attributes);
    }

    pub(crate) fn text(&mut self, text: &mut String) {
        if text.len() > MAX_TEXT_BYTES {
            *text = text[..text.floor_char_boundary(MAX_TEXT_BYTES)].to_owned();
            self.cuts += 1;
        }
        text.shrink_to_fit();
        self.allocation(text.capacity());
    }

    fn raw(&mut self, bytes: &mut Vec<u8>) {
        if bytes.len() > MAX_TEXT_BYTES {
            *bytes = bytes[..MAX_TEXT_BYTES].to_vec();
            self.cuts += 1;
        }
        bytes.shrink_to_fit();
        self.allocation(bytes.capacity());
    }

    fn attributes(&mut self, attributes: &mut Vec<KeyValue>) {
        self.key_values(attributes, 0);
    }

    fn key_values(&mut self, attributes: &mut Vec<KeyValue>, depth: usize) {
        self.list(attributes, |trimmer, attribute| {
            trimmer.text(&mut attribute.key);
            if let Some(value) = &mut attribute.value {
                trimmer.value(value, depth);
            }
        });
    }

    fn value(&mut self, any: &mut AnyValue, depth: usize) {
        match &mut any.value {
            Some(Value::StringValue(text)) => self.text(text),
            Some(Value::BytesValue(bytes)) => self.raw(bytes),
            Some(Value::ArrayValue(_) | Value::KvlistValue(_)) if depth == MAX_VALUE_DEPTH => {
                any.value = None;
                self.cuts += 1;
            }
            Some(Value::ArrayValue(array)) => {
                self.list(&mut array.values, |trimmer, value| {
                    trimmer.value(value, depth + 1);
                });
            }
            Some(Value::KvlistValue(map)) => self.key_values(&mut map.values, depth + 1),
            _ => {}
        }
    }

    /// Decoding reserves extra capacity, which would be a sixth of the store's memory.
    fn list<T>(&mut self, items: &mut Vec<T>, each: impl Fn(&mut Self, &mut T)) {
        items.shrink_to_fit();
        self.allocation(items.capacity() * size_of::<T>());
        for item in items {
            each(self, item);
        }
    }

    /// Adds an allocation, rounded up as glibc's allocator does.
    fn allocation(&mut self, bytes: usize) {
        if bytes > 0 {
            let with_word = (bytes + size_of::<usize>()).next_multiple_of(16);
            self.bytes += with_word.max(SMALLEST_ALLOCATION);
        }
    }
}
