//! A search: the newest matching traces, newest first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::found::{self, message};
use crate::Store;
use crate::head::Head;
use crate::pages::{Entry, Page, Pages};
use crate::summary::Summary;
use crate::traceql::{Context, Filter, Screen};

/// A checked search.
pub(super) struct Search {
    /// At least one span of a matching trace satisfies the filter.
    pub(super) filter: Filter,
    /// Seconds since 1970: the trace must overlap this window.
    pub(super) window: Option<(u32, u32)>,
    pub(super) limit: u32,
    /// Maximum number of matching spans shown per trace.
    pub(super) spans: u32,
}

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// The newest matching traces so far, by start and then by arrival.
type Newest<'a> = BTreeMap<(Reverse<u64>, u64), &'a Entry>;

impl Search {
    /// Runs on a snapshot of the store.
    pub(super) fn run(&self, store: &Store) -> Json {
        let snapshot = store.snapshot();
        let screen = Screen::of(&self.filter, &snapshot.vocabulary);
        let newest = self.newest(&snapshot.pages, &screen);
        let traces = newest.values().map(|entry| self.metadata(entry));
        // The search covers all of them, although it does not read all.
        let metrics = message([
            ("inspectedTraces", snapshot.traces.into()),
            ("completedJobs", 1.into()),
            ("totalJobs", 1.into()),
            ("inspectedSpans", found::uint64(snapshot.spans)),
        ]);
        // Unlike other empty lists, Tempo includes an empty list of traces.
        json!({ "traces": traces.collect::<Vec<_>>(), "metrics": metrics })
    }

    /// Reads the pages with the newest traces first, until no page can have a newer match.
    fn newest<'a>(&self, pages: &'a Pages, screen: &Screen) -> Newest<'a> {
        let may_match =
            |summary: &Summary| self.is_in_window(summary) && screen.lets_through(summary);
        let mut pages: Vec<&Page> = pages.iter().collect();
        pages.sort_by_key(|page| Reverse(page.newest));
        let mut newest = Newest::new();
        for page in pages {
            // Of two traces with the same start, the first to arrive comes first.
            if !self.has_room(&newest, (Reverse(page.newest), 0)) {
                break;
            }
            if !may_match(&page.summary) {
                continue;
            }
            for entry in &page.entries {
                let place = (Reverse(entry.summary.start), entry.number);
                if self.has_room(&newest, place) && may_match(&entry.summary) && self.matches(entry)
                {
                    newest.insert(place, entry);
                }
                if newest.len() > self.limit as usize {
                    newest.pop_last();
                }
            }
        }
        newest
    }

    /// Whether a trace at this place would be among the newest.
    fn has_room(&self, newest: &Newest<'_>, place: (Reverse<u64>, u64)) -> bool {
        let last = newest.last_key_value();
        newest.len() < self.limit as usize || last.is_none_or(|(last, _)| place < *last)
    }

    fn is_in_window(&self, summary: &Summary) -> bool {
        self.window.is_none_or(|(start, end)| {
            summary.end >= u64::from(start) * NANOS_PER_SECOND
                && summary.start <= u64::from(end) * NANOS_PER_SECOND
        })
    }

    fn matches(&self, entry: &Entry) -> bool {
        let context = Context::of(entry);
        let mut heads = entry.spans.iter().map(Head::of);
        heads.any(|head| self.filter.matches(&head, &context))
    }

    fn metadata(&self, entry: &Entry) -> Json {
        let context = Context::of(entry);
        let heads = entry.spans.iter().map(Head::of);
        let matching = heads.filter(|head| self.filter.matches(head, &context));
        let matching: Vec<Head<'_>> = matching.collect();
        let shown = matching.iter().take(self.spans as usize);
        let shown = shown.map(|span| found::span(&self.filter, span, &context));
        let span_set = message([
            ("spans", shown.collect()),
            ("matched", matching.len().into()),
        ]);
        found::trace(entry, &context, span_set)
    }
}
