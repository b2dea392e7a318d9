//! A summary of a trace, derived from all of its spans.

use serde::Serialize;
use serde_json::Value;
use signals::tempo::{Kind, Span};
use utoipa::ToSchema;

use super::critical::Segment;
use super::micros;
use super::tree::{ROLL_INDEX, Tree};

/// A span by name.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = NamedSpan)]
pub(super) struct Named {
    id: String,
    service: String,
    name: String,
    #[schema(required)]
    target: Option<String>,
}

impl Named {
    pub(super) fn new(spans: &[Span], tree: &Tree, at: usize) -> Self {
        let span = &spans[at];
        Self {
            id: span.id.clone(),
            service: span.service.to_string(),
            name: span.name.clone(),
            target: target(spans, tree, at),
        }
    }
}

/// The target of a call: the service that answered, or else the address.
pub(super) fn target(spans: &[Span], tree: &Tree, at: usize) -> Option<String> {
    let span = &spans[at];
    if span.kind != Kind::Client {
        return None;
    }
    let callee = |child: &&usize| spans[**child].kind == Kind::Server;
    if let Some(child) = tree.children[at].iter().find(callee) {
        return Some(spans[*child].service.to_string());
    }
    // The name of a query already describes it.
    span.attributes.get("http.request.method")?;
    let host = span.attributes.get("server.address")?.as_str()?;
    let port = span.attributes.get("server.port").and_then(Value::as_u64);
    Some(port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// The span with the longest time on the critical path, and that time in nanoseconds.
pub(super) fn longest(paths: &[Vec<Segment>]) -> Option<(usize, u64)> {
    let share = |path: &Vec<Segment>| path.iter().map(|(from, to)| to - from).sum();
    let shares = paths.iter().map(share).enumerate();
    shares.rev().max_by_key(|(_, share): &(usize, u64)| *share)
}

/// The first failed span without a failed span below it: where a failure began.
pub(super) fn first_failed(spans: &[Span], tree: &Tree, order: &[(usize, usize)]) -> Option<usize> {
    let mut failed_below = vec![false; spans.len()];
    for (at, _) in order.iter().rev() {
        if let Some(caller) = tree.parent[*at] {
            failed_below[caller] |= spans[*at].error || failed_below[*at];
        }
    }
    (0..spans.len())
        .filter(|at| spans[*at].error && !failed_below[*at])
        .min_by_key(|at| spans[*at].end)
}

/// The gain of rolling concurrently.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = BatchTimes)]
pub(super) struct Batch {
    rolls: usize,
    /// All rolls one after the other.
    sequential_us: u64,
    /// From the first roll's start to the last roll's end.
    actual_us: u64,
}

impl Batch {
    /// None when the trace has no rolls of a batch.
    pub(super) fn of(spans: &[Span]) -> Option<Self> {
        let rolls = || {
            spans
                .iter()
                .filter(|span| span.attributes.contains_key(ROLL_INDEX))
        };
        let start = rolls().map(|span| span.start).min()?;
        let end = rolls().map(|span| span.end).max()?;
        let durations = rolls().map(|span| span.end - span.start);
        Some(Self {
            rolls: rolls().count(),
            sequential_us: micros(durations.fold(0, u64::saturating_add)),
            actual_us: micros(end - start),
        })
    }
}
