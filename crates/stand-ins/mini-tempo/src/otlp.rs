//! Converts an OTLP request to single spans.
//!
//! Spans are decoded, trimmed and encoded again one after the other: the allocator then uses the
//! same memory for each, and a whole request never exists in its decoded form.

use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{self as otlp, ResourceSpans, ScopeSpans};
use prost::bytes::Bytes;
use prost::{DecodeError, Message};

use crate::rejection::{MAX_SPAN_BYTES, Rejection, Rejections};
use crate::signature::Owner;
use crate::source::{Envelope, Origin, Source};
use crate::summary::Summary;
use crate::trim::Trimmer;
use crate::{Span, SpanId, TraceId};

/// An `ExportTraceServiceRequest` whose spans are still encoded.
#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<EncodedBatch>,
}

/// A `ResourceSpans` whose spans are still encoded.
#[derive(Clone, PartialEq, Message)]
struct EncodedBatch {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<EncodedScope>,
    #[prost(string, tag = "3")]
    schema_url: String,
}

/// A `ScopeSpans` whose spans are still encoded.
#[derive(Clone, PartialEq, Message)]
struct EncodedScope {
    #[prost(message, optional, tag = "1")]
    scope: Option<InstrumentationScope>,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    spans: Vec<Bytes>,
    #[prost(string, tag = "3")]
    schema_url: String,
}

/// Takes note of attributes.
pub(crate) type Learn<'a> = dyn Fn(Owner, &[KeyValue]) + 'a;

/// A request's spans.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    pub(crate) batches: Vec<Batch>,
    pub(crate) rejections: Rejections,
    /// Truncated texts and omitted values.
    pub(crate) cuts: u64,
}

/// The scopes of one resource.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) origin: Arc<Origin>,
    pub(crate) scopes: Vec<Scope>,
    /// The size of the encoded `ResourceSpans`.
    pub(crate) bytes: u64,
}

/// The valid spans of one scope.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) envelope: Envelope,
    pub(crate) spans: Vec<New>,
}

/// A span that has arrived.
#[derive(Debug)]
pub(crate) struct New {
    pub(crate) trace_id: TraceId,
    pub(crate) id: SpanId,
    /// An encoded `Span`.
    pub(crate) message: Arc<[u8]>,
    pub(crate) summary: Summary,
}

impl New {
    pub(crate) fn at(self, source: Arc<Source>) -> Span {
        Span::new(self.id, self.message, source)
    }
}

/// Splits an encoded `ExportTraceServiceRequest` into spans and trims them. `learn` is called with
/// the attributes of each span and of each resource.
///
/// # Errors
/// If it is anything else.
pub(crate) fn split(body: Bytes, learn: &Learn<'_>) -> Result<Spans, DecodeError> {
    let mut spans = Spans::default();
    for batch in Request::decode(body)?.resource_spans {
        let batch = spans.batch(batch, learn)?;
        spans.batches.push(batch);
    }
    Ok(spans)
}

impl Spans {
    fn batch(&mut self, batch: EncodedBatch, learn: &Learn<'_>) -> Result<Batch, DecodeError> {
        let bytes = batch.encoded_len() as u64;
        let mut trimmer = Trimmer::default();
        let around = ResourceSpans {
            resource: batch.resource,
            scope_spans: Vec::new(),
            schema_url: batch.schema_url,
        };
        let origin = Origin::new(around, &mut trimmer, learn);
        self.cuts += trimmer.cuts;
        let scopes = batch.scope_spans.into_iter();
        let scopes = scopes.map(|scope| self.scope(scope, &origin, learn));
        Ok(Batch {
            scopes: scopes.collect::<Result<_, _>>()?,
            origin: Arc::new(origin),
            bytes,
        })
    }

    fn scope(
        &mut self,
        scope: EncodedScope,
        origin: &Origin,
        learn: &Learn<'_>,
    ) -> Result<Scope, DecodeError> {
        let mut trimmer = Trimmer::default();
        let around = ScopeSpans {
            scope: scope.scope,
            spans: Vec::new(),
            schema_url: scope.schema_url,
        };
        let envelope = Envelope::of_scope(around, &mut trimmer);
        self.cuts += trimmer.cuts;
        let around = envelope.bytes() + origin.bytes();
        let mut encoded = Vec::new();
        let mut spans = Vec::with_capacity(scope.spans.len());
        for span in scope.spans {
            let mut span = otlp::Span::decode(span)?;
            if let Some(new) = self.accept(&mut span, around, &mut encoded) {
                learn(Owner::Span, &span.attributes);
                spans.push(new);
            }
        }
        Ok(Scope { envelope, spans })
    }

    /// The span, unless it is rejected. `around` is the size of its source, and `encoded` a buffer.
    fn accept(
        &mut self,
        span: &mut otlp::Span,
        around: usize,
        encoded: &mut Vec<u8>,
    ) -> Option<New> {
        let ids = TraceId::from_otlp(&span.trace_id).zip(SpanId::from_otlp(&span.span_id));
        let Some((trace_id, id)) = ids else {
            self.rejections.add(Rejection::InvalidId);
            return None;
        };
        let mut trimmer = Trimmer::default();
        trimmer.span(span);
        if span.encoded_len() + around > MAX_SPAN_BYTES {
            self.rejections.add(Rejection::SpanTooLarge);
            return None;
        }
        self.cuts += trimmer.cuts;
        encoded.clear();
        span.encode(encoded).expect("a Vec grows");
        Some(New {
            trace_id,
            id,
            message: Arc::from(encoded.as_slice()),
            summary: Summary::of(span),
        })
    }
}
