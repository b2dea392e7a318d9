//! A trace as the page draws it. `openapi.json` documents the same for scripts.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde_json::{Map, Value};

use super::critical;
use super::tempo::Span;

/// More spans than a roll can have are not drawn.
const MAX_SPANS: usize = 500;

/// The attribute that only rolls of a batch have.
const ROLL_INDEX: &str = "async.roll_index";

/// One trace. Times are microseconds from its first moment.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    trace_id: String,
    /// Whether everything has arrived, as far as can be told from what has.
    pub(crate) complete: bool,
    duration_us: u64,
    /// The services in the order in which the request reached them.
    services: Vec<String>,
    /// Parents before children, siblings by start.
    spans: Vec<SpanView>,
    batch: Option<Batch>,
}

#[derive(Debug, Serialize)]
struct SpanView {
    id: String,
    parent: Option<String>,
    /// 0 for a root.
    depth: usize,
    service: String,
    name: String,
    kind: String,
    offset_us: u64,
    duration_us: u64,
    error: bool,
    /// Offset and duration of its parts that are on the critical path.
    critical_us: Vec<(u64, u64)>,
    attributes: Map<String, Value>,
}

/// What rolling at once was good for.
#[derive(Debug, PartialEq, Serialize)]
struct Batch {
    rolls: usize,
    /// All rolls one after the other.
    sequential_us: u64,
    /// From the first roll's start to the last one's end.
    actual_us: u64,
}

impl View {
    /// None when there are no spans.
    pub(super) fn new(mut spans: Vec<Span>) -> Option<Self> {
        spans.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
        let mut seen = HashSet::new();
        spans.retain(|span| seen.insert(span.id.clone()));
        spans.truncate(MAX_SPANS);
        let tree = Tree::new(&spans);
        let start = spans.first()?.start;
        let end = spans.iter().map(|span| span.end).max()?;
        let paths: Vec<_> = tree
            .roots
            .iter()
            .map(|root| critical::path(&spans, &tree.children, *root))
            .collect();
        let views = tree.in_order().into_iter().map(|(at, depth)| {
            let critical = paths.iter().flat_map(|path| &path[at]);
            SpanView::new(&spans[at], depth, start, critical)
        });
        let spans_in_order: Vec<_> = views.collect();
        let mut services: Vec<String> = Vec::new();
        for span in &spans_in_order {
            if !services.contains(&span.service) {
                services.push(span.service.clone());
            }
        }
        Some(Self {
            trace_id: spans[0].trace_id.clone(),
            complete: tree.is_complete(&spans),
            duration_us: micros(end - start),
            services,
            spans: spans_in_order,
            batch: Batch::of(&spans),
        })
    }
}

impl SpanView {
    fn new<'a>(
        span: &Span,
        depth: usize,
        origin: u64,
        critical: impl Iterator<Item = &'a critical::Segment>,
    ) -> Self {
        let relative = |(from, to): &critical::Segment| (micros(from - origin), micros(to - from));
        Self {
            id: span.id.clone(),
            parent: span.parent.clone(),
            depth,
            service: span.service.clone(),
            name: span.name.clone(),
            kind: span.kind.clone(),
            offset_us: micros(span.start - origin),
            duration_us: micros(span.end - span.start),
            error: span.error,
            critical_us: critical.map(relative).collect(),
            attributes: span.attributes.clone(),
        }
    }
}

impl Batch {
    /// None when the trace has no rolls of a batch.
    fn of(spans: &[Span]) -> Option<Self> {
        let rolls = || {
            spans
                .iter()
                .filter(|span| span.attributes.contains_key(ROLL_INDEX))
        };
        let start = rolls().map(|span| span.start).min()?;
        let end = rolls().map(|span| span.end).max()?;
        Some(Self {
            rolls: rolls().count(),
            sequential_us: micros(rolls().map(|span| span.end - span.start).sum()),
            actual_us: micros(end - start),
        })
    }
}

/// Who called whom, by index.
struct Tree {
    /// Spans without a parent, or whose parent is not there.
    roots: Vec<usize>,
    children: Vec<Vec<usize>>,
}

impl Tree {
    fn new(spans: &[Span]) -> Self {
        let by_id: HashMap<&str, usize> = spans.iter().map(|s| s.id.as_str()).zip(0..).collect();
        let mut tree = Self {
            roots: Vec::new(),
            children: vec![Vec::new(); spans.len()],
        };
        for (at, span) in spans.iter().enumerate() {
            match span.parent.as_deref().and_then(|parent| by_id.get(parent)) {
                Some(parent) => tree.children[*parent].push(at),
                None => tree.roots.push(at),
            }
        }
        // Rolls of a batch start within microseconds of each other: their number orders them.
        for siblings in &mut tree.children {
            siblings.sort_by_key(|at| {
                spans[*at]
                    .attributes
                    .get(ROLL_INDEX)
                    .and_then(Value::as_u64)
            });
        }
        tree
    }

    /// Every span with its depth, parents first.
    fn in_order(&self) -> Vec<(usize, usize)> {
        let mut order = Vec::new();
        let mut open: Vec<_> = self.roots.iter().rev().map(|root| (*root, 0)).collect();
        while let Some((at, depth)) = open.pop() {
            order.push((at, depth));
            open.extend(
                self.children[at]
                    .iter()
                    .rev()
                    .map(|child| (*child, depth + 1)),
            );
        }
        order
    }

    /// One root that really is one, no parent missing, and below each call that was answered the
    /// span of whoever answered: services export on their own, so the callee's may come later.
    fn is_complete(&self, spans: &[Span]) -> bool {
        let [root] = self.roots[..] else { return false };
        spans[root].parent.is_none()
            && spans.iter().zip(&self.children).all(|(span, children)| {
                let answered = span.attributes.contains_key("http.response.status_code");
                !(span.kind == "client" && answered && children.is_empty())
            })
    }
}

fn micros(nanos: u64) -> u64 {
    nanos / 1000
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Times in microseconds.
    fn span(id: &str, parent: Option<&str>, kind: &str, times: (u64, u64)) -> Span {
        Span {
            trace_id: "t".to_owned(),
            id: id.to_owned(),
            parent: parent.map(str::to_owned),
            service: format!("{kind} side"),
            kind: kind.to_owned(),
            start: 1_000_000 + times.0 * 1000,
            end: 1_000_000 + times.1 * 1000,
            ..Span::default()
        }
    }

    fn call() -> Vec<Span> {
        let mut client = span("b", Some("a"), "client", (10, 90));
        let status = ("http.response.status_code".to_owned(), json!(200));
        client.attributes.extend([status]);
        vec![
            span("c", Some("b"), "server", (20, 80)),
            span("a", None, "server", (0, 100)),
            client,
        ]
    }

    #[test]
    fn parents_come_first_and_times_are_relative() {
        let view = View::new(call()).unwrap();
        let seen: Vec<_> = view
            .spans
            .iter()
            .map(|s| (s.id.as_str(), s.depth, s.offset_us, s.duration_us))
            .collect();
        assert_eq!(seen, [("a", 0, 0, 100), ("b", 1, 10, 80), ("c", 2, 20, 60)]);
        assert_eq!(view.spans[1].critical_us, [(10, 10), (80, 10)]);
        assert_eq!((view.duration_us, view.complete), (100, true));
        assert_eq!(view.services, ["server side", "client side"]);
    }

    #[test]
    fn a_missing_span_makes_it_incomplete() {
        for missing in 0..3 {
            let mut spans = call();
            spans.remove(missing);
            assert!(!View::new(spans).unwrap().complete, "{missing}");
        }
        assert!(View::new(Vec::new()).is_none());
    }

    #[test]
    fn a_batch_says_what_it_saved() {
        let mut spans = vec![span("a", None, "server", (0, 100))];
        for (id, times) in [("b", (10, 40)), ("c", (20, 90))] {
            let mut roll = span(id, Some("a"), "internal", times);
            roll.attributes.insert(ROLL_INDEX.to_owned(), json!(0));
            spans.push(roll);
        }
        let batch = View::new(spans).unwrap().batch;
        let expected = Batch {
            rolls: 2,
            sequential_us: 100,
            actual_us: 80,
        };
        assert_eq!(batch, Some(expected));
        assert_eq!(View::new(call()).unwrap().batch, None);
    }

    #[test]
    fn malformed_traces_are_shown_as_far_as_they_go() {
        let round = vec![
            span("a", Some("b"), "server", (0, 1)),
            span("b", Some("a"), "server", (0, 1)),
            span("b", None, "server", (0, 1)),
        ];
        let view = View::new(round).unwrap();
        assert!(view.spans.len() <= 2 && !view.complete);
    }
}
