//! A search and its answer: the newest matching traces, newest first.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use serde_json::Value as Json;

use crate::json::{key_value, list, message, uint64};
use crate::traceql::{Comparison, Field, Filter};
use crate::{Span, Status, Store, Trace, Value};

/// A checked search.
pub(super) struct Search {
    /// At least one span of a matching trace satisfies the filter.
    pub(super) filter: Filter,
    /// Seconds since 1970: the trace must overlap this window.
    pub(super) window: Option<(u32, u32)>,
    pub(super) limit: u32,
    /// Maximum number of matching spans shown per trace.
    pub(super) spans: u32,
}

/// The service name that Tempo shows for a trace whose root span has not arrived.
const NO_ROOT: &str = "<root span not yet received>";

const NANOS_PER_SECOND: u64 = 1_000_000_000;

impl Search {
    /// Runs on a snapshot of the store.
    pub(super) fn run(&self, store: &Store) -> Json {
        let traces = store.traces();
        let inspected_spans: usize = traces.iter().map(|trace| trace.spans().len()).sum();
        let mut found: Vec<(&Arc<Trace>, Vec<&Span>)> = traces
            .iter()
            .filter(|trace| self.is_in_window(trace))
            .filter_map(|trace| Some((trace, self.matching(trace)?)))
            .collect();
        found.sort_by_key(|(trace, _)| Reverse(trace.start_unix_nano()));
        found.truncate(self.limit as usize);
        let metrics = message([
            ("inspectedTraces", traces.len().into()),
            ("completedJobs", 1.into()),
            ("totalJobs", 1.into()),
            ("inspectedSpans", uint64(inspected_spans as u64)),
        ]);
        let traces = list(&found, |(trace, spans)| self.metadata(trace, spans));
        // Unlike other empty lists, Tempo includes an empty list of traces.
        [
            ("traces".to_owned(), traces),
            ("metrics".to_owned(), metrics),
        ]
        .into_iter()
        .collect()
    }

    fn is_in_window(&self, trace: &Trace) -> bool {
        self.window.is_none_or(|(start, end)| {
            trace.end_unix_nano() >= u64::from(start) * NANOS_PER_SECOND
                && trace.start_unix_nano() <= u64::from(end) * NANOS_PER_SECOND
        })
    }

    /// The matching spans; none if there are none.
    fn matching<'a>(&self, trace: &'a Trace) -> Option<Vec<&'a Span>> {
        let spans = trace.spans().iter().map(|span| &**span);
        let matching = spans.filter(|span| self.filter.matches(span, trace));
        let matching: Vec<&Span> = matching.collect();
        (!matching.is_empty()).then_some(matching)
    }

    /// `TraceSearchMetadata`. `spanSet` is deprecated, but Tempo still includes it.
    fn metadata(&self, trace: &Trace, spans: &[&Span]) -> Json {
        let root = trace.root();
        let span_set = self.span_set(trace, spans);
        let service = root
            .map(Span::service)
            .filter(|service| !service.is_empty());
        message([
            ("traceID", trace.id().trimmed().into()),
            ("rootServiceName", service.unwrap_or(NO_ROOT).into()),
            ("rootTraceName", root.map_or("", Span::name).into()),
            ("startTimeUnixNano", uint64(trace.start_unix_nano())),
            ("durationMs", (trace.duration_nanos() / 1_000_000).into()),
            ("spanSet", span_set.clone()),
            ("spanSets", vec![span_set].into()),
            ("serviceStats", service_stats(trace)),
        ])
    }

    fn span_set(&self, trace: &Trace, spans: &[&Span]) -> Json {
        let shown = &spans[..spans.len().min(self.spans as usize)];
        message([
            ("spans", list(shown, |span| self.span(trace, span))),
            ("matched", spans.len().into()),
        ])
    }

    /// Shows the attributes in the query, as Tempo does.
    fn span(&self, trace: &Trace, span: &Span) -> Json {
        let comparisons = self.filter.comparisons().into_iter();
        let holding = comparisons.filter(|comparison| comparison.holds(span, trace));
        let holding: Vec<&Comparison> = holding.collect();
        let names_it = holding
            .iter()
            .any(|comparison| comparison.field == Field::Name);
        let attributes = attributes(&holding, span, trace);
        message([
            ("spanID", span.id().to_string().into()),
            ("name", if names_it { span.name() } else { "" }.into()),
            ("startTimeUnixNano", uint64(span.start_unix_nano())),
            ("durationNanos", uint64(span.duration_nanos())),
            ("attributes", list(&attributes, key_value)),
        ])
    }
}

/// The values used in the comparisons, each key once.
fn attributes(comparisons: &[&Comparison], span: &Span, trace: &Trace) -> Vec<KeyValue> {
    let mut attributes: Vec<KeyValue> = Vec::new();
    for Comparison { field, .. } in comparisons {
        let (Some(key), Some(value)) = (field.key(), field.value(span, trace)) else {
            continue;
        };
        if attributes.iter().all(|known| known.key != key) {
            attributes.push(KeyValue {
                key: key.to_owned(),
                value: Some(any(value)),
                ..KeyValue::default()
            });
        }
    }
    attributes
}

fn any(value: Value<'_>) -> AnyValue {
    let value = match value {
        Value::Text(text) => Any::StringValue(text.to_owned()),
        Value::Int(number) => Any::IntValue(number),
        Value::Float(number) => Any::DoubleValue(number),
        Value::Bool(truth) => Any::BoolValue(truth),
    };
    AnyValue { value: Some(value) }
}

fn service_stats(trace: &Trace) -> Json {
    let mut stats: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for span in trace.spans() {
        let (spans, errors) = stats.entry(span.service()).or_default();
        *spans += 1;
        *errors += u64::from(span.status() == Status::Error);
    }
    let counts = |(spans, errors): (u64, u64)| {
        message([("spanCount", spans.into()), ("errorCount", errors.into())])
    };
    stats
        .into_iter()
        .map(|(service, stats)| (service.to_owned(), counts(stats)))
        .collect()
}
