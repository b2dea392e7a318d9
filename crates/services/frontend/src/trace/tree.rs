//! The call tree.

use std::collections::HashMap;

use serde_json::Value;
use signals::tempo::Span;

/// The attribute that only rolls of a batch have.
pub(super) const ROLL_INDEX: &str = "async.roll_index";

/// The spans of a trace as trees, by index. Every span is in exactly one of them, whatever parent
/// it names.
pub(super) struct Tree {
    /// Spans without a parent, spans whose parent is missing, and one span of each cycle.
    pub(super) roots: Vec<usize>,
    pub(super) children: Vec<Vec<usize>>,
    /// None for a root, also for one that names a parent.
    pub(super) parent: Vec<Option<usize>>,
    /// The number of cycles: spans that are their own callers, which no valid trace has. Each was
    /// cut at its first span.
    pub(super) cycles: usize,
}

impl Tree {
    /// `spans` in order of their start.
    pub(super) fn new(spans: &[Span]) -> Self {
        let mut by_id: HashMap<&str, usize> = HashMap::with_capacity(spans.len());
        for (at, span) in spans.iter().enumerate() {
            by_id.entry(span.id.as_str()).or_insert(at);
        }
        let parent_of = |span: &Span| by_id.get(span.parent.as_deref()?).copied();
        let mut parent: Vec<_> = spans.iter().map(parent_of).collect();
        let cycles = cut_cycles(&mut parent);
        let mut tree = Self {
            roots: Vec::new(),
            children: vec![Vec::new(); spans.len()],
            parent,
            cycles,
        };
        for (at, parent) in tree.parent.iter().enumerate() {
            match parent {
                Some(parent) => tree.children[*parent].push(at),
                None => tree.roots.push(at),
            }
        }
        tree
    }

    /// Sorts siblings by start; rolls of a batch, which start within microseconds of each other,
    /// by number.
    pub(super) fn sort(&mut self, spans: &[Span]) {
        let number = |span: &Span| span.attributes.get(ROLL_INDEX).and_then(Value::as_u64);
        let place = |at: &usize| (number(&spans[*at]), spans[*at].start);
        self.roots.sort_by_key(|at| spans[*at].start);
        for siblings in &mut self.children {
            siblings.sort_by_key(place);
        }
    }

    /// Every span with its depth, parents first.
    pub(super) fn in_order(&self) -> Vec<(usize, usize)> {
        let mut order = Vec::with_capacity(self.parent.len());
        let mut open: Vec<_> = self.roots.iter().rev().map(|root| (*root, 0)).collect();
        while let Some((at, depth)) = open.pop() {
            order.push((at, depth));
            let children = self.children[at].iter().rev();
            open.extend(children.map(|child| (*child, depth + 1)));
        }
        order
    }

    /// The callers of a span, nearest first.
    pub(super) fn callers(&self, at: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.parent[at], |at| self.parent[*at])
    }
}

/// Makes the first span of each cycle a root, and returns the number of cycles.
fn cut_cycles(parent: &mut [Option<usize>]) -> usize {
    // The walk that reached a span first; each walk ends at the first span already visited.
    let mut met_by: Vec<Option<usize>> = vec![None; parent.len()];
    let mut cycles = 0;
    for walk in 0..parent.len() {
        let mut at = Some(walk);
        while let Some(span) = at.filter(|span| met_by[*span].is_none()) {
            met_by[span] = Some(walk);
            at = parent[span];
        }
        // The walk met itself: the spans in between are a cycle.
        let Some(entry) = at.filter(|span| met_by[*span] == Some(walk)) else {
            continue;
        };
        let round = std::iter::successors(parent[entry], |at| parent[*at]);
        let first = round.take_while(|at| *at != entry).fold(entry, usize::min);
        parent[first] = None;
        cycles += 1;
    }
    cycles
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spans 0, 1, ... with those parents.
    fn tree(parents: &[Option<usize>]) -> Tree {
        let span = |(at, parent): (usize, &Option<usize>)| Span {
            id: at.to_string(),
            parent: parent.map(|parent| parent.to_string()),
            ..Span::default()
        };
        let spans: Vec<_> = parents.iter().enumerate().map(span).collect();
        Tree::new(&spans)
    }

    #[test]
    fn cycles_of_every_shape_are_cut_and_nothing_is_lost() {
        for (parents, roots) in [
            (&[Some(0)][..], &[0][..]),
            (&[None, Some(1)], &[0, 1]),
            (&[None, Some(2), Some(1)], &[0, 1]),
            (&[Some(1), Some(2), Some(0)], &[0]),
            // Spans attached to a cycle stay there.
            (&[Some(2), Some(3), Some(3), Some(2)], &[2]),
            (
                &[Some(1), Some(0), Some(3), Some(2), None, Some(9)],
                &[0, 2, 4, 5],
            ),
        ] {
            let tree = tree(parents);
            assert_eq!(tree.roots, roots, "{parents:?}");
            let mut seen: Vec<_> = tree.in_order().iter().map(|(at, _)| *at).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..parents.len()).collect::<Vec<_>>(), "{parents:?}");
        }
        assert_eq!(tree(&[Some(0), Some(1)]).cycles, 2);
        assert_eq!(tree(&[None, Some(0), Some(9)]).cycles, 0);
    }
}
