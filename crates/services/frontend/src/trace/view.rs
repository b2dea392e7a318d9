//! A trace as drawn by the page and returned to scripts.

use std::mem::take;

use serde::Serialize;
use serde_json::{Map, Value};
use service::openapi::TraceId;
use signals::tempo::{Span, Trace};
use utoipa::ToSchema;

use super::clocks::{self, Skew};
use super::critical::{self, Segment};
use super::distinct;
use super::drawn;
use super::micros;
use super::story::{self, Batch, Named};
use super::tree::Tree;
use super::whole::is_whole;

/// One trace. Times are microseconds from its first moment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Trace)]
pub(crate) struct View {
    #[schema(value_type = TraceId)]
    trace_id: String,
    /// Whether everything, as far as that is known, has arrived and is in `spans`.
    complete: bool,
    /// Whether no more spans are expected.
    #[serde(skip)]
    pub(crate) is_settled: bool,
    /// The number of spans that the trace store returned.
    #[schema(minimum = 1)]
    spans_total: usize,
    /// Whether `spans` lacks some of them, or some that the store omitted.
    truncated: bool,
    /// The trace store's reason for omitting spans.
    #[schema(required)]
    partial: Option<String>,
    /// Microseconds from the first start to the last end, after correcting clock skew.
    duration_us: u64,
    /// The services in the order in which the request reached them.
    services: Vec<String>,
    /// The spans to draw: parents before children, siblings by start.
    #[schema(max_items = 500)]
    spans: Vec<SpanView>,
    /// Number of cycles of spans that were their own callers; each was cut and is a further root.
    cycles: usize,
    #[schema(required)]
    clock_skew: Option<ClockSkew>,
    /// The span with the longest time on the critical path.
    #[schema(required)]
    longest: Option<Longest>,
    /// The span where the first failure began.
    #[schema(required)]
    failed: Option<Named>,
    #[schema(required)]
    batch: Option<Batch>,
}

/// Clock skew of more than a millisecond.
#[derive(Debug, Serialize, ToSchema)]
struct ClockSkew {
    /// The services whose spans were moved.
    services: Vec<String>,
    /// The farthest move.
    max_us: u64,
}

/// A span that took long.
#[derive(Debug, Serialize, ToSchema)]
struct Longest {
    #[serde(flatten)]
    span: Named,
    critical_us: u64,
}

/// A span as drawn.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Span)]
struct SpanView {
    id: String,
    #[schema(required)]
    parent: Option<String>,
    /// 0 for a root.
    depth: usize,
    service: String,
    name: String,
    /// For a call: the service that answered, or the address.
    #[schema(required)]
    target: Option<String>,
    kind: &'static str,
    offset_us: u64,
    duration_us: u64,
    /// The correction for clock skew.
    #[serde(skip_serializing_if = "is_zero")]
    shift_us: i64,
    error: bool,
    /// Offset and duration of its parts on the critical path.
    critical_us: Vec<(u64, u64)>,
    #[schema(value_type = Object)]
    attributes: Map<String, Value>,
}

impl View {
    /// None if there are no spans.
    pub(super) fn new(trace: Trace) -> Option<Self> {
        let (mut spans, left_out) = distinct::in_order_of_start(trace.spans);
        let mut tree = Tree::new(&spans);
        let skew = clocks::align(&mut spans, &tree);
        tree.sort(&spans);
        let start = spans.iter().map(|span| span.start).min()?;
        let end = spans.iter().map(|span| span.end).max()?;
        let paths = critical::path(&spans, &tree.children, &tree.roots);
        let order = tree.in_order();
        let longest = story::longest(&paths);
        let failed = story::first_failed(&spans, &tree, &order);
        let notable = failed.into_iter().chain(longest.map(|(at, _)| at));
        let is_drawn = drawn::choose(&spans, &tree, &order, notable);
        let drawn = order.iter().filter(|(at, _)| is_drawn[*at]);
        let whole = is_whole(&spans, &tree);
        let batch = Batch::of(&spans);
        let longest = longest.map(|longest| Longest::new(&spans, &tree, longest));
        let failed = failed.map(|at| Named::new(&spans, &tree, at));
        let views: Vec<_> = drawn
            .map(|node| span_view(&mut spans, &tree, *node, (start, &paths, &skew)))
            .collect();
        let spans_total = spans.len() + left_out;
        let truncated = views.len() < spans_total || trace.partial.is_some();
        Some(Self {
            trace_id: spans[0].trace_id.clone(),
            complete: whole && !truncated,
            is_settled: whole || trace.partial.is_some(),
            spans_total,
            truncated,
            partial: trace.partial,
            duration_us: micros(end - start),
            services: services(order.iter().map(|(at, _)| &*spans[*at].service)),
            spans: views,
            cycles: tree.cycles,
            clock_skew: ClockSkew::of(&skew),
            longest,
            failed,
            batch,
        })
    }
}

fn services<'a>(in_order: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let first = in_order.filter(|service| seen.insert(*service));
    first.map(str::to_owned).collect()
}

/// The span at `at`, whose attributes are moved.
fn span_view(
    spans: &mut [Span],
    tree: &Tree,
    (at, depth): (usize, usize),
    (origin, paths, skew): (u64, &[Vec<Segment>], &Skew),
) -> SpanView {
    let target = story::target(spans, tree, at);
    let span = &mut spans[at];
    let relative = |(from, to): &Segment| (micros(from - origin), micros(to - from));
    SpanView {
        id: span.id.clone(),
        parent: span.parent.clone(),
        depth,
        service: span.service.to_string(),
        name: span.name.clone(),
        target,
        kind: span.kind.name(),
        offset_us: micros(span.start - origin),
        duration_us: micros(span.end - span.start),
        shift_us: skew.shifts[at] / 1000,
        error: span.error,
        critical_us: paths[at].iter().map(relative).collect(),
        attributes: take(&mut span.attributes),
    }
}

impl Longest {
    /// The span at `at`, whose parts on the critical path last `share` nanoseconds.
    fn new(spans: &[Span], tree: &Tree, (at, share): (usize, u64)) -> Self {
        Self {
            span: Named::new(spans, tree, at),
            critical_us: micros(share),
        }
    }
}

impl ClockSkew {
    /// None when the clocks agree.
    fn of(skew: &Skew) -> Option<Self> {
        let services: Vec<_> = skew.services.iter().cloned().collect();
        (!services.is_empty()).then(|| Self {
            services,
            max_us: micros(skew.most()),
        })
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use signals::tempo::Kind;

    use super::*;

    /// Times in microseconds.
    fn span(id: &str, parent: Option<&str>, kind: Kind, times: (u64, u64)) -> Span {
        Span {
            trace_id: "t".to_owned(),
            id: id.to_owned(),
            parent: parent.map(str::to_owned),
            service: format!("{} side", kind.name()).into(),
            kind,
            start: 1_000_000 + times.0 * 1000,
            end: 1_000_000 + times.1 * 1000,
            ..Span::default()
        }
    }

    fn view(spans: Vec<Span>) -> Option<View> {
        View::new(Trace {
            spans,
            partial: None,
        })
    }

    fn call() -> Vec<Span> {
        let mut client = span("b", Some("a"), Kind::Client, (10, 90));
        let status = ("http.response.status_code".to_owned(), json!(200));
        client.attributes.extend([status]);
        vec![
            span("c", Some("b"), Kind::Server, (20, 80)),
            span("a", None, Kind::Server, (0, 100)),
            client,
        ]
    }

    #[test]
    fn parents_come_first_and_times_are_relative() {
        let view = view(call()).unwrap();
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
            assert!(!view(spans).unwrap().complete, "{missing}");
        }
        assert!(view(Vec::new()).is_none());
    }

    #[test]
    fn malformed_traces_are_shown_as_far_as_they_go() {
        let round = vec![
            span("a", Some("b"), Kind::Server, (0, 1)),
            span("b", Some("a"), Kind::Server, (0, 1)),
            span("b", None, Kind::Server, (0, 1)),
        ];
        let view = view(round).unwrap();
        assert!(view.spans.len() <= 2 && !view.complete);
    }
}
