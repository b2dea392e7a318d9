//! The trace around a span, for the intrinsics that are about it.

use std::cell::OnceCell;

use crate::Span;
use crate::head::Head;
use crate::pages::Entry;
use crate::trace::root;

/// A stored trace. Its root is looked up when a query asks for it.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) spans: &'a [Span],
    pub(crate) duration: u64,
    /// Its index.
    root: OnceCell<Option<usize>>,
}

impl<'a> Context<'a> {
    pub(crate) fn of(entry: &'a Entry) -> Self {
        Self {
            spans: &entry.spans,
            duration: entry.summary.end.saturating_sub(entry.summary.start),
            root: OnceCell::new(),
        }
    }

    pub(crate) fn root(&self) -> Option<Head<'a>> {
        let root = *self.root.get_or_init(|| root(self.spans));
        root.map(|index| Head::of(&self.spans[index]))
    }
}
