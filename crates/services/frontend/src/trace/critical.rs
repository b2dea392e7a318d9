//! The critical path: for each moment of a request, the span that it was waiting for.

use signals::tempo::Span;

/// From and to, nanoseconds since 1970.
pub(super) type Segment = (u64, u64);

/// The parts of each span that are on the critical path, by index, in order of time. Together the
/// parts of a tree cover its root exactly; several roots have a path each.
///
/// `children` are the indices of each span's children. The path is found backwards: the child that
/// ended last before the end was waited for; before its start, the child that ended last before
/// that, and so on. A child still running when a later one began was not waited for by the later
/// one.
pub(super) fn path(spans: &[Span], children: &[Vec<usize>], roots: &[usize]) -> Vec<Vec<Segment>> {
    let mut path = vec![Vec::new(); spans.len()];
    let whole = |root: &usize| (*root, spans[*root].start, spans[*root].end);
    let mut open: Vec<_> = roots.iter().map(whole).collect();
    while let Some((at, start, end)) = open.pop() {
        let mut waited_for: Vec<_> = children[at]
            .iter()
            .map(|child| {
                (
                    *child,
                    spans[*child].start.max(start),
                    spans[*child].end.min(end),
                )
            })
            .filter(|(_, start, end)| start < end)
            .collect();
        waited_for.sort_by_key(|(_, start, end)| std::cmp::Reverse((*end, *start)));
        let mut until = end;
        for (child, child_start, child_end) in waited_for {
            if child_end > until {
                continue;
            }
            push(&mut path[at], (child_end, until));
            open.push((child, child_start, child_end));
            until = child_start;
        }
        push(&mut path[at], (start, until));
        path[at].reverse();
    }
    path
}

fn push(segments: &mut Vec<Segment>, segment: Segment) {
    if segment.0 < segment.1 {
        segments.push(segment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: u64, end: u64) -> Span {
        Span {
            start,
            end,
            ..Span::default()
        }
    }

    #[test]
    fn a_batch_waits_for_its_slowest_roll() {
        let spans = [span(0, 100), span(10, 40), span(10, 90), span(10, 60)];
        let children = [vec![1, 2, 3], vec![], vec![], vec![]];
        let path = path(&spans, &children, &[0]);
        assert_eq!(path[0], [(0, 10), (90, 100)]);
        assert_eq!(path[2], [(10, 90)]);
        assert!(path[1].is_empty() && path[3].is_empty());
    }

    #[test]
    fn calls_one_after_the_other_are_all_waited_for() {
        let spans = [span(0, 100), span(5, 30), span(40, 95), span(50, 70)];
        let children = [vec![1, 2], vec![], vec![3], vec![]];
        let path = path(&spans, &children, &[0]);
        assert_eq!(path[0], [(0, 5), (30, 40), (95, 100)]);
        assert_eq!(path[1], [(5, 30)]);
        assert_eq!(path[2], [(40, 50), (70, 95)]);
        assert_eq!(path[3], [(50, 70)]);
    }

    #[test]
    fn the_path_covers_the_root_whatever_the_clocks_say() {
        let spans = [span(50, 100), span(40, 120), span(10, 20), span(60, 60)];
        let children = [vec![1, 2, 3], vec![], vec![], vec![]];
        let path = path(&spans, &children, &[0]);
        let total: u64 = path.iter().flatten().map(|(from, to)| to - from).sum();
        assert_eq!(total, 50);
        assert_eq!(path[1], [(50, 100)]);
    }
}
