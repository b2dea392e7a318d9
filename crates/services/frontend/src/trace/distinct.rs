//! The spans of a trace, each once.

use std::collections::HashMap;

use signals::tempo::{Kind, Span};

/// The spans by start, without duplicates, and the number of spans that cannot be drawn.
///
/// A store may return a span twice. As in Tempo, id and kind identify a span: with Zipkin's shared
/// ids, a call and its answer have the same id. Of different spans with the same id and kind, only
/// the first is drawn.
pub(super) fn in_order_of_start(mut spans: Vec<Span>) -> (Vec<Span>, usize) {
    spans.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    let mut kept: Vec<Span> = Vec::with_capacity(spans.len());
    let mut known: HashMap<(String, Kind), usize> = HashMap::with_capacity(spans.len());
    let mut left_out = 0;
    for span in spans {
        let key = (span.id.clone(), span.kind);
        match known.get(&key) {
            Some(at) if !span.id.is_empty() => left_out += usize::from(kept[*at] != span),
            _ => {
                known.insert(key, kept.len());
                kept.push(span);
            }
        }
    }
    (kept, left_out)
}
