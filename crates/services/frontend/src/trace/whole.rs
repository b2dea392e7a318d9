//! Whether all of a trace has arrived, as far as the spans show.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use signals::tempo::{Kind, Span};

use super::tree::{ROLL_INDEX, Tree};
use crate::PROGRAM;

/// Services export twice a second: if a caller's span is still missing this long after its callee's
/// end, the caller does not export here.
const CALLER_IS_DUE: Duration = Duration::from_secs(2);

/// Whether there is one root, no parent is missing, each answered call has the span of the service
/// that answered (services export separately, so it may arrive later), and a batch has all its
/// rolls.
///
/// A trace may begin outside: its root then names a parent in another process, which never arrives.
/// Several such requests may share a trace.
pub(super) fn is_whole(spans: &[Span], tree: &Tree) -> bool {
    let is_outside = |root: &usize| is_called_from_outside(&spans[*root]);
    let begins = match tree.roots[..] {
        [root] => spans[root].parent.is_none() || is_outside(&root),
        ref roots => roots.iter().all(is_outside),
    };
    let is_answered = spans.iter().zip(&tree.children).all(|(span, children)| {
        let answered = span.attributes.contains_key("http.response.status_code");
        !(span.kind == Kind::Client && answered && children.is_empty())
    });
    begins && tree.cycles == 0 && is_answered && has_all_rolls(spans)
}

/// Whether the parent that `span` names is a client of the whole system. No service of the system
/// calls the frontend; the caller of any other service is waited for first.
fn is_called_from_outside(span: &Span) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let due = Duration::from_nanos(span.end).saturating_add(CALLER_IS_DUE);
    let is_overdue = || now.is_ok_and(|now| now > due);
    span.has_remote_parent == Some(true) && (&*span.service == PROGRAM.service.name || is_overdue())
}

/// Whether a batch whose rolls began has as many as it announced.
fn has_all_rolls(spans: &[Span]) -> bool {
    let size = |span: &Span| span.attributes.get("async.batch_size")?.as_u64();
    let announced = spans.iter().filter_map(size).max().unwrap_or(0);
    let is_roll = |span: &&Span| span.attributes.contains_key(ROLL_INDEX);
    let rolls = spans.iter().filter(is_roll).count() as u64;
    rolls == 0 || rolls >= announced
}
