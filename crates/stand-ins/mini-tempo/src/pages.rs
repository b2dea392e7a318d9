//! The traces in order of the arrival of their first span, in pages, so that a reader's snapshot
//! costs one reference for each page.

use std::mem::size_of;
use std::sync::Arc;

use crate::summary::Summary;
use crate::{Span, Trace, TraceId};

/// The maximum number of traces in a page. A sender that changes a page while a reader has a
/// snapshot copies the page.
const PAGE: usize = 64;

/// A stored trace.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Its place in the order of arrival.
    pub(crate) number: u64,
    pub(crate) id: TraceId,
    pub(crate) summary: Summary,
    /// Its size in memory, in bytes, without the sources of its spans.
    pub(crate) bytes: usize,
    /// In order of arrival, at least one.
    pub(crate) spans: Arc<Vec<Span>>,
}

/// The memory of an entry besides its spans: itself, its list of spans, and its place in the index,
/// which is between 7/16 and 7/8 full.
pub(crate) const PER_TRACE: usize = size_of::<Entry>() + 48 + 2 * size_of::<(TraceId, u64)>();

/// Some entries, at least one, with increasing numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    /// Of all entries, also of those that were removed.
    pub(crate) summary: Summary,
    /// The latest start of a trace.
    pub(crate) newest: u64,
}

/// Pages with increasing numbers, each with the lowest number that it had.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pages(Vec<(u64, Arc<Page>)>);

impl Entry {
    pub(crate) fn trace(&self) -> Trace {
        let times = (self.summary.start, self.summary.end);
        Trace::new(self.id, &self.spans, times)
    }
}

impl Page {
    fn position(&self, number: u64) -> Result<usize, usize> {
        let number_of = |entry: &Entry| entry.number;
        self.entries.binary_search_by_key(&number, number_of)
    }

    /// Updates what the page knows of an entry that changed.
    fn note(&mut self, position: usize) {
        let summary = &self.entries[position].summary;
        self.newest = self.newest.max(summary.start);
        self.summary.merge(summary);
    }
}

impl Pages {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Page> {
        self.0.iter().map(|(_, page)| &**page)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.iter().flat_map(|page| &page.entries)
    }

    /// The entry with this number.
    pub(crate) fn get(&self, number: u64) -> Option<&Entry> {
        let entry = self.from(number)?;
        (entry.number == number).then_some(entry)
    }

    /// The first entry with this number or a higher one.
    pub(crate) fn from(&self, number: u64) -> Option<&Entry> {
        let (_, page) = self.0.get(self.page(number)?)?;
        let (Ok(position) | Err(position)) = page.position(number);
        let next = || Some(&self.0.get(self.page(number)? + 1)?.1.entries[0]);
        page.entries.get(position).or_else(next)
    }

    /// Adds an entry with the highest number.
    pub(crate) fn push(&mut self, entry: Entry) {
        let has_room = |(_, page): &(u64, Arc<Page>)| page.entries.len() < PAGE;
        if !self.0.last().is_some_and(has_room) {
            let mut page = Page::default();
            page.entries.reserve_exact(PAGE);
            self.0.push((entry.number, Arc::new(page)));
        }
        if let Some((_, page)) = self.0.last_mut() {
            let page = Arc::make_mut(page);
            page.entries.push(entry);
            page.note(page.entries.len() - 1);
        }
    }

    /// Changes the entry with this number.
    pub(crate) fn change(&mut self, number: u64, change: impl FnOnce(&mut Entry)) {
        let Some(page) = self.page(number) else {
            return;
        };
        let page = Arc::make_mut(&mut self.0[page].1);
        if let Ok(position) = page.position(number) {
            change(&mut page.entries[position]);
            page.note(position);
        }
    }

    /// Removes the entry with this number.
    pub(crate) fn remove(&mut self, number: u64) -> Option<Entry> {
        let index = self.page(number)?;
        let page = Arc::make_mut(&mut self.0[index].1);
        let entry = page.entries.remove(page.position(number).ok()?);
        if page.entries.is_empty() {
            self.0.remove(index);
        } else if page.entries.len() <= page.entries.capacity() / 4 {
            page.entries.shrink_to(2 * page.entries.len());
        }
        Some(entry)
    }

    /// The index of the page that has this number, if any has; the first one for lower numbers.
    fn page(&self, number: u64) -> Option<usize> {
        let up_to = self.0.partition_point(|(first, _)| *first <= number);
        (!self.0.is_empty()).then(|| up_to.saturating_sub(1))
    }
}
