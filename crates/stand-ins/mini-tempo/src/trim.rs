//! Trims spans: truncates long texts and omits deeply nested values.

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

/// Trims messages.
#[derive(Debug, Default)]
pub(crate) struct Trimmer {
    /// Truncated texts and omitted values.
    pub(crate) cuts: u64,
}

impl Trimmer {
    pub(crate) fn span(&mut self, span: &mut Span) {
        self.raw(&mut span.parent_span_id);
        self.text(&mut span.trace_state);
        self.text(&mut span.name);
        self.attributes(&mut span.attributes);
        for event in &mut span.events {
            self.text(&mut event.name);
            self.attributes(&mut event.attributes);
        }
        for link in &mut span.links {
            self.raw(&mut link.trace_id);
            self.raw(&mut link.span_id);
            self.text(&mut link.trace_state);
            self.attributes(&mut link.attributes);
        }
        if let Some(status) = &mut span.status {
            self.text(&mut status.message);
        }
    }

    pub(crate) fn resource(&mut self, resource: &mut Resource) {
        self.attributes(&mut resource.attributes);
        for entity in &mut resource.entity_refs {
            self.text(&mut entity.schema_url);
            self.text(&mut entity.r#type);
            let keys = entity.id_keys.iter_mut();
            keys.chain(&mut entity.description_keys)
                .for_each(|key| self.text(key));
        }
    }

    pub(crate) fn scope(&mut self, scope: &mut InstrumentationScope) {
        self.text(&mut scope.name);
        self.text(&mut scope.version);
        self.attributes(&mut scope.attributes);
    }

    pub(crate) fn text(&mut self, text: &mut String) {
        if text.len() > MAX_TEXT_BYTES {
            text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
            self.cuts += 1;
        }
    }

    fn raw(&mut self, bytes: &mut Vec<u8>) {
        if bytes.len() > MAX_TEXT_BYTES {
            bytes.truncate(MAX_TEXT_BYTES);
            self.cuts += 1;
        }
    }

    fn attributes(&mut self, attributes: &mut [KeyValue]) {
        self.key_values(attributes, 0);
    }

    fn key_values(&mut self, attributes: &mut [KeyValue], depth: usize) {
        for attribute in attributes {
            self.text(&mut attribute.key);
            if let Some(value) = &mut attribute.value {
                self.value(value, depth);
            }
        }
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
                for value in &mut array.values {
                    self.value(value, depth + 1);
                }
            }
            Some(Value::KvlistValue(map)) => self.key_values(&mut map.values, depth + 1),
            _ => {}
        }
    }
}
