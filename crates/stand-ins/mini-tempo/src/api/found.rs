//! The answer of a search: `tempopb.SearchResponse` in Tempo's JSON.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::head::Head;
use crate::json::double;
use crate::pages::Entry;
use crate::traceql::{Comparison, Context, Field, Filter};
use crate::{Status, Value};

/// The service name that Tempo shows for a trace whose root span has not arrived.
const NO_ROOT: &str = "<root span not yet received>";

/// A message without the fields that have default values.
pub(super) fn message<const N: usize>(fields: [(&str, Json); N]) -> Json {
    let is_set = |value: &Json| match value {
        Json::Null => false,
        Json::String(text) => !text.is_empty(),
        Json::Number(number) => number.as_u64() != Some(0),
        Json::Array(items) => !items.is_empty(),
        Json::Bool(_) | Json::Object(_) => true,
    };
    let set = fields.into_iter().filter(|(_, value)| is_set(value));
    set.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A 64-bit integer field.
pub(super) fn uint64(number: u64) -> Json {
    match number {
        0 => Json::Null,
        number => number.to_string().into(),
    }
}

/// `TraceSearchMetadata`. `spanSet` is deprecated, but Tempo still includes it.
pub(super) fn trace(entry: &Entry, context: &Context<'_>, span_set: Json) -> Json {
    let root = context.root();
    let service = root.map(|root| root.span.service());
    let service = service.filter(|service| !service.is_empty());
    message([
        ("traceID", entry.id.trimmed().into()),
        ("rootServiceName", service.unwrap_or(NO_ROOT).into()),
        ("rootTraceName", root.map_or("", |root| root.name()).into()),
        ("startTimeUnixNano", uint64(entry.summary.start)),
        ("durationMs", (context.duration / 1_000_000).into()),
        ("spanSet", span_set.clone()),
        ("spanSets", vec![span_set].into()),
        ("serviceStats", service_stats(context)),
    ])
}

/// Shows the attributes in the query, as Tempo does.
pub(super) fn span(filter: &Filter, span: &Head<'_>, trace: &Context<'_>) -> Json {
    let comparisons = filter.comparisons().into_iter();
    let holding = comparisons.filter(|comparison| comparison.holds(span, trace));
    let holding: Vec<&Comparison> = holding.collect();
    let names_it = holding
        .iter()
        .any(|comparison| comparison.field == Field::Name);
    message([
        ("spanID", span.span.id().to_string().into()),
        ("name", if names_it { span.name() } else { "" }.into()),
        ("startTimeUnixNano", uint64(span.start)),
        ("durationNanos", uint64(span.duration_nanos())),
        ("attributes", attributes(&holding, span, trace)),
    ])
}

/// The values used in the comparisons, each key once.
fn attributes(comparisons: &[&Comparison], span: &Head<'_>, trace: &Context<'_>) -> Json {
    let mut attributes: Vec<(&str, Value<'_>)> = Vec::new();
    for Comparison { field, .. } in comparisons {
        let (Some(key), Some(value)) = (field.key(), field.value(span, trace)) else {
            continue;
        };
        if attributes.iter().all(|(known, _)| *known != key) {
            attributes.push((key, value));
        }
    }
    let attributes = attributes.into_iter();
    attributes
        .map(|(key, value)| key_value(key, value))
        .collect()
}

fn key_value(key: &str, value: Value<'_>) -> Json {
    let value = match value {
        Value::Text(text) => json!({ "stringValue": text }),
        Value::Int(number) => json!({ "intValue": number.to_string() }),
        Value::Float(number) => json!({ "doubleValue": double(number) }),
        Value::Bool(truth) => json!({ "boolValue": truth }),
    };
    json!({ "key": key, "value": value })
}

fn service_stats(context: &Context<'_>) -> Json {
    let mut stats: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for span in context.spans {
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
