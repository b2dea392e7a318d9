//! Converts an OTLP request to single spans, and back to OTLP's grouping for an answer.

use std::mem::size_of;
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{self as otlp, ResourceSpans, ScopeSpans};

use crate::rejection::{MAX_SPAN_BYTES, Rejection, Rejections};
use crate::trace::{Origin, Source};
use crate::trim::Trimmer;
use crate::value::find;
use crate::{Span, SpanId, Trace, TraceId, Value};

/// The memory of a span besides the contents of its messages: itself, its reference count, and its
/// entries in the lists of its trace.
const PER_SPAN: usize = size_of::<Span>() + 2 * size_of::<usize>() + 64;

/// The memory of a reference counter of a scope or a resource.
const PER_HOLDER: usize = 64;

/// A request's spans.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    pub(crate) valid: Vec<Arc<Span>>,
    pub(crate) rejections: Rejections,
    /// Truncated texts and omitted values.
    pub(crate) cuts: u64,
}

/// Splits a request into spans and trims them.
pub(crate) fn split(request: ExportTraceServiceRequest) -> Spans {
    let mut spans = Spans::default();
    for batch in request.resource_spans {
        let origin = Arc::new(origin(batch.resource, batch.schema_url, &mut spans.cuts));
        for scope_spans in batch.scope_spans {
            let source = Source {
                origin: Arc::clone(&origin),
                scope: scope_spans.scope,
                schema_url: scope_spans.schema_url,
                bytes: 0,
            };
            let source = Arc::new(trimmed(source, &mut spans.cuts));
            for span in scope_spans.spans {
                spans.add(span, &source);
            }
        }
    }
    spans
}

impl Spans {
    fn add(&mut self, mut otlp: otlp::Span, source: &Arc<Source>) {
        let ids = TraceId::from_otlp(&otlp.trace_id).zip(SpanId::from_otlp(&otlp.span_id));
        let Some((trace_id, id)) = ids else {
            return self.rejections.add(Rejection::InvalidId);
        };
        let mut trimmer = Trimmer::default();
        trimmer.span(&mut otlp);
        let bytes = trimmer.bytes + PER_SPAN;
        if bytes + source.bytes + source.origin.bytes > MAX_SPAN_BYTES {
            return self.rejections.add(Rejection::SpanTooLarge);
        }
        self.cuts += trimmer.cuts;
        self.valid.push(Arc::new(Span {
            trace_id,
            id,
            otlp,
            source: Arc::clone(source),
            bytes,
        }));
    }
}

fn origin(mut resource: Option<Resource>, mut schema_url: String, cuts: &mut u64) -> Origin {
    let mut trimmer = Trimmer::default();
    if let Some(resource) = &mut resource {
        trimmer.resource(resource);
    }
    trimmer.text(&mut schema_url);
    *cuts += trimmer.cuts;
    let service = service(resource.as_ref());
    Origin {
        bytes: size_of::<Origin>() + PER_HOLDER + trimmer.bytes + service.len(),
        service,
        resource,
        schema_url,
    }
}

fn trimmed(mut source: Source, cuts: &mut u64) -> Source {
    let mut trimmer = Trimmer::default();
    if let Some(scope) = &mut source.scope {
        trimmer.scope(scope);
    }
    trimmer.text(&mut source.schema_url);
    *cuts += trimmer.cuts;
    source.bytes = size_of::<Source>() + PER_HOLDER + trimmer.bytes;
    source
}

fn service(resource: Option<&Resource>) -> String {
    let name = resource.and_then(|resource| find(&resource.attributes, "service.name"));
    match name {
        Some(Value::Text(name)) => name.to_owned(),
        _ => String::new(),
    }
}

/// A trace's spans by resource and scope; spans of one service from several requests form one
/// group.
pub(crate) fn group(trace: &Trace) -> Vec<ResourceSpans> {
    let mut batches: Vec<ResourceSpans> = Vec::new();
    for span in trace.spans() {
        let batch = batch_for(&mut batches, &span.source.origin);
        scope_for(batch, &span.source).spans.push(span.otlp.clone());
    }
    batches
}

fn batch_for<'a>(batches: &'a mut Vec<ResourceSpans>, origin: &Origin) -> &'a mut ResourceSpans {
    let found = batches.iter().position(|batch| {
        batch.resource == origin.resource && batch.schema_url == origin.schema_url
    });
    let index = found.unwrap_or(batches.len());
    if found.is_none() {
        batches.push(ResourceSpans {
            resource: origin.resource.clone(),
            scope_spans: Vec::new(),
            schema_url: origin.schema_url.clone(),
        });
    }
    &mut batches[index]
}

fn scope_for<'a>(batch: &'a mut ResourceSpans, source: &Source) -> &'a mut ScopeSpans {
    let scopes = &mut batch.scope_spans;
    let found = scopes
        .iter()
        .position(|spans| spans.scope == source.scope && spans.schema_url == source.schema_url);
    let index = found.unwrap_or(scopes.len());
    if found.is_none() {
        scopes.push(ScopeSpans {
            scope: source.scope.clone(),
            spans: Vec::new(),
            schema_url: source.schema_url.clone(),
        });
    }
    &mut scopes[index]
}
