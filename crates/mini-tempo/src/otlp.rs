//! From an OTLP request to single spans, and back to OTLP's grouping for an answer.

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{self as otlp, ResourceSpans, ScopeSpans};

use crate::trace::Source;
use crate::value::find;
use crate::{Span, SpanId, Trace, TraceId, Value};

/// The spans of a request, and how many had to be left out because their trace or span id is invalid.
pub(crate) fn take_apart(request: ExportTraceServiceRequest) -> (Vec<Arc<Span>>, u64) {
    let mut spans = Vec::new();
    let mut rejected = 0;
    for batch in request.resource_spans {
        for scope_spans in batch.scope_spans {
            let source = Arc::new(Source {
                service: service(batch.resource.as_ref()),
                resource: batch.resource.clone(),
                resource_schema_url: batch.schema_url.clone(),
                scope: scope_spans.scope,
                scope_schema_url: scope_spans.schema_url,
            });
            for span in scope_spans.spans {
                match valid(span, &source) {
                    Some(span) => spans.push(Arc::new(span)),
                    None => rejected += 1,
                }
            }
        }
    }
    (spans, rejected)
}

fn service(resource: Option<&Resource>) -> String {
    let name = resource.and_then(|resource| find(&resource.attributes, "service.name"));
    match name {
        Some(Value::Text(name)) => name.to_owned(),
        _ => String::new(),
    }
}

fn valid(mut otlp: otlp::Span, source: &Arc<Source>) -> Option<Span> {
    // Decoding leaves room for more: kept, it is a sixth of the store's memory.
    otlp.attributes.shrink_to_fit();
    Some(Span {
        trace_id: TraceId::from_otlp(&otlp.trace_id)?,
        id: SpanId::from_otlp(&otlp.span_id)?,
        otlp,
        source: Arc::clone(source),
    })
}

/// A trace's spans by resource and scope: what arrived in several requests from one service is one group again.
pub(crate) fn put_together(trace: &Trace) -> Vec<ResourceSpans> {
    let mut batches: Vec<ResourceSpans> = Vec::new();
    for span in trace.spans() {
        let batch = batch_for(&mut batches, &span.source);
        scope_for(batch, &span.source).spans.push(span.otlp.clone());
    }
    batches
}

fn batch_for<'a>(batches: &'a mut Vec<ResourceSpans>, source: &Source) -> &'a mut ResourceSpans {
    let found = batches.iter().position(|batch| {
        batch.resource == source.resource && batch.schema_url == source.resource_schema_url
    });
    let index = found.unwrap_or(batches.len());
    if found.is_none() {
        batches.push(ResourceSpans {
            resource: source.resource.clone(),
            scope_spans: Vec::new(),
            schema_url: source.resource_schema_url.clone(),
        });
    }
    &mut batches[index]
}

fn scope_for<'a>(batch: &'a mut ResourceSpans, source: &Source) -> &'a mut ScopeSpans {
    let scopes = &mut batch.scope_spans;
    let found = scopes.iter().position(|spans| {
        spans.scope == source.scope && spans.schema_url == source.scope_schema_url
    });
    let index = found.unwrap_or(scopes.len());
    if found.is_none() {
        scopes.push(ScopeSpans {
            scope: source.scope.clone(),
            spans: Vec::new(),
            schema_url: source.scope_schema_url.clone(),
        });
    }
    &mut scopes[index]
}
