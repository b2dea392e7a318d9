//! Clock skew: the spans of a machine whose clock is ahead or behind are moved to where their
//! callers saw them.

use std::collections::BTreeSet;

use signals::tempo::{Kind, Span};

use super::tree::Tree;

/// Skew that is normal for synchronised clocks and not reported.
const SLACK_NANOS: u64 = 1_000_000;

/// The skew between the clocks.
#[derive(Debug, Default)]
pub(super) struct Skew {
    /// Nanoseconds by which each span was moved, by index.
    pub(super) shifts: Vec<i64>,
    /// The services whose spans were moved.
    pub(super) services: BTreeSet<String>,
}

impl Skew {
    /// The farthest move in nanoseconds, whatever its direction; 0 when the clocks agree.
    pub(super) fn most(&self) -> u64 {
        let distances = self.shifts.iter().map(|shift| shift.unsigned_abs());
        distances.max().unwrap_or(0)
    }
}

/// Moves the spans whose times are impossible.
///
/// Only spans whose caller is in another service are checked: one service has one clock. A callee
/// must begin within its caller, and end within it if the caller received an answer. Otherwise it
/// is moved with everything below it: by the offset of its caller if that is enough, or else back,
/// or else into the middle of its caller, as Jaeger's clock skew adjuster does.
pub(super) fn align(spans: &mut [Span], tree: &Tree) -> Skew {
    let mut skew = Skew {
        shifts: vec![0; spans.len()],
        ..Skew::default()
    };
    for (at, _) in tree.in_order() {
        let Some(caller) = tree.parent[at] else {
            continue;
        };
        let shift = shift(&spans[caller], &spans[at], skew.shifts[caller]);
        let span = &mut spans[at];
        (span.start, span.end) = moved(span, shift);
        skew.shifts[at] = shift;
        if shift != 0 {
            skew.services.insert(span.service.to_string());
        }
    }
    skew
}

/// The offset for `callee`, whose caller is already in place.
fn shift(caller: &Span, callee: &Span, inherited: i64) -> i64 {
    let is_judged = caller.service != callee.service
        && callee.kind != Kind::Consumer
        && caller.kind != Kind::Producer;
    let candidates = [inherited, 0];
    let fits = |shift: &i64| !is_judged || fits(caller, moved(callee, *shift));
    candidates.into_iter().find(fits).unwrap_or_else(|| {
        let spare = (caller.end - caller.start).saturating_sub(callee.end - callee.start);
        let target = i128::from(caller.start + spare / 2) - i128::from(callee.start);
        target.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    })
}

fn fits(caller: &Span, (start, end): (u64, u64)) -> bool {
    let until = caller.end.saturating_add(SLACK_NANOS);
    let begins_within = start.saturating_add(SLACK_NANOS) >= caller.start && start <= until;
    let is_answered = caller.attributes.contains_key("http.response.status_code");
    begins_within && (!is_answered || end <= until)
}

fn moved(span: &Span, shift: i64) -> (u64, u64) {
    let to = |time: u64| time.saturating_add_signed(shift);
    (to(span.start), to(span.end))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MS: u64 = 1_000_000;
    const EPOCH: u64 = 1_000_000 * MS;

    /// Milliseconds.
    fn span(id: &str, parent: Option<&str>, service: &str, kind: Kind, times: (u64, u64)) -> Span {
        let mut span = Span {
            id: id.to_owned(),
            parent: parent.map(str::to_owned),
            service: service.into(),
            kind,
            start: EPOCH + times.0 * MS,
            end: EPOCH + times.1 * MS,
            ..Span::default()
        };
        if kind == Kind::Client {
            span.attributes
                .insert("http.response.status_code".to_owned(), json!(200));
        }
        span
    }

    /// Start and end of each span in milliseconds, once aligned.
    fn aligned(mut spans: Vec<Span>) -> (Vec<(u64, u64)>, Vec<String>) {
        let tree = Tree::new(&spans);
        let skew = align(&mut spans, &tree);
        let times = spans
            .iter()
            .map(|s| ((s.start - EPOCH) / MS, (s.end - EPOCH) / MS));
        (times.collect(), skew.services.into_iter().collect())
    }

    #[test]
    fn a_clock_that_is_ahead_or_behind_is_seen_and_taken_out() {
        for ahead in [500, 40] {
            let spans = vec![
                span("a", None, "frontend", Kind::Server, (0, 50)),
                span("b", Some("a"), "frontend", Kind::Client, (0, 50)),
                span(
                    "c",
                    Some("b"),
                    "roller",
                    Kind::Server,
                    (ahead + 10, ahead + 30),
                ),
                span(
                    "d",
                    Some("c"),
                    "roller",
                    Kind::Client,
                    (ahead + 12, ahead + 22),
                ),
                span("e", Some("d"), "dice", Kind::Server, (14, 20)),
            ];
            let (times, services) = aligned(spans);
            let (start, end) = times[2];
            assert_eq!((start, end), (15, 35), "{ahead}");
            assert_eq!(times[3], (17, 27), "{ahead}");
            assert!(times[4].0 >= 14 && times[4].1 <= 27, "{times:?}");
            assert_eq!(services[0..1].len(), 1);
            assert!(services.contains(&"roller".to_owned()), "{services:?}");
        }
    }

    #[test]
    fn what_can_be_true_is_left_alone() {
        let timed_out = vec![
            Span {
                attributes: serde_json::Map::new(),
                ..span("a", None, "frontend", Kind::Client, (0, 50))
            },
            span("b", Some("a"), "roller", Kind::Server, (10, 900)),
            // The same clock: a task that outlives the request.
            span("c", Some("b"), "roller", Kind::Internal, (950, 990)),
        ];
        let (times, services) = aligned(timed_out);
        assert_eq!(times, [(0, 50), (10, 900), (950, 990)]);
        assert!(services.is_empty());
    }

    #[test]
    fn no_clock_is_too_wrong() {
        let mut spans = vec![
            span("a", None, "x", Kind::Client, (0, 50)),
            span("b", Some("a"), "y", Kind::Server, (0, 50)),
        ];
        spans[1].start = u64::MAX - 1;
        spans[1].end = u64::MAX;
        let tree = Tree::new(&spans);
        align(&mut spans, &tree);
        spans[1].start = 0;
        spans[1].end = u64::MAX;
        assert!(align(&mut spans, &tree).most() > 0);
    }
}
