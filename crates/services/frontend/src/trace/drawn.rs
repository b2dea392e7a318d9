//! Which spans of a long trace are drawn.

use signals::tempo::Span;

use super::tree::Tree;

/// The maximum number of spans to draw.
pub(super) const MAX_SPANS: usize = 500;

/// The maximum number of spans drawn because they are notable.
const MAX_NOTABLE: usize = MAX_SPANS / 2;

/// Whether each span is drawn, by index: all, or [`MAX_SPANS`] of them. `notable` spans come first,
/// then failed ones, each with its callers as far as there is room; the spans nearest to a root
/// fill the rest, earlier ones first. `order` has each span's depth.
pub(super) fn choose(
    spans: &[Span],
    tree: &Tree,
    order: &[(usize, usize)],
    notable: impl Iterator<Item = usize>,
) -> Vec<bool> {
    if spans.len() <= MAX_SPANS {
        return vec![true; spans.len()];
    }
    let mut by_depth = order.to_vec();
    by_depth.sort_by_key(|(at, depth)| (*depth, spans[*at].start));
    let by_depth = by_depth.into_iter().map(|(at, _)| at);
    let failed = by_depth.clone().filter(|at| spans[*at].error);
    let mut drawn = Drawn {
        is_drawn: vec![false; spans.len()],
        count: 0,
    };
    for at in notable.chain(failed) {
        let room = MAX_NOTABLE - drawn.count;
        if room == 0 {
            break;
        }
        drawn.add(at);
        let missing = |caller: &usize| !drawn.is_drawn[*caller];
        let callers: Vec<_> = tree.callers(at).take_while(missing).take(room).collect();
        if callers.len() < room {
            callers.into_iter().for_each(|caller| drawn.add(caller));
        }
    }
    for at in by_depth {
        if drawn.count == MAX_SPANS {
            break;
        }
        drawn.add(at);
    }
    drawn.is_drawn
}

struct Drawn {
    is_drawn: Vec<bool>,
    count: usize,
}

impl Drawn {
    fn add(&mut self, at: usize) {
        self.count += usize::from(!self.is_drawn[at]);
        self.is_drawn[at] = true;
    }
}
