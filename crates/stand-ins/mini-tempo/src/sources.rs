//! The sources of the stored spans, each stored once, and the memory that they take.

use std::collections::{HashMap, HashSet};
use std::mem::size_of;
use std::sync::Arc;

use crate::source::{Envelope, Origin, Source};

/// The memory of a source or an origin besides what it owns: itself, its allocations, its place in
/// the set and its counter.
const PER_ORIGIN: usize = size_of::<Origin>() + 128;
const PER_SOURCE: usize = size_of::<Source>() + 128;

#[derive(Debug, Default)]
pub(crate) struct Sources {
    origins: HashSet<Arc<Origin>>,
    sources: HashSet<Arc<Source>>,
    /// The number of spans that use a source, and of sources that use an origin, by address.
    holders: HashMap<usize, usize>,
}

impl Sources {
    /// The stored origin that equals `origin`, or `origin`.
    pub(crate) fn origin(&self, origin: Arc<Origin>) -> Arc<Origin> {
        self.origins.get(&origin).cloned().unwrap_or(origin)
    }

    /// The stored source with this scope, or a new one. The origin comes from
    /// [`origin`](Self::origin).
    pub(crate) fn source(&self, origin: &Arc<Origin>, envelope: Envelope) -> Arc<Source> {
        let source = Source {
            origin: Arc::clone(origin),
            envelope,
        };
        let known = self.sources.get(&source).cloned();
        known.unwrap_or_else(|| Arc::new(source))
    }

    /// The memory of a source and its origin, in bytes.
    pub(crate) fn bytes(source: &Source) -> usize {
        source_bytes(source) + origin_bytes(&source.origin)
    }

    /// The additional bytes needed to hold a source.
    pub(crate) fn needed(&self, source: &Source) -> usize {
        let mut bytes = 0;
        if !self.holders.contains_key(&address(source)) {
            bytes += source_bytes(source);
        }
        if !self.holders.contains_key(&address(&*source.origin)) {
            bytes += origin_bytes(&source.origin);
        }
        bytes
    }

    /// Counts a further span of a source.
    pub(crate) fn hold(&mut self, source: &Arc<Source>) {
        let spans = self.holders.entry(address(&**source)).or_default();
        *spans += 1;
        if *spans > 1 {
            return;
        }
        self.sources.insert(Arc::clone(source));
        let sources = self.holders.entry(address(&*source.origin)).or_default();
        *sources += 1;
        if *sources == 1 {
            self.origins.insert(Arc::clone(&source.origin));
        }
    }

    /// Counts a span of a source less; returns the number of bytes that became unused.
    pub(crate) fn release(&mut self, source: &Arc<Source>) -> usize {
        if !self.was_last(address(&**source)) {
            return 0;
        }
        self.sources.remove(source);
        if !self.was_last(address(&*source.origin)) {
            return source_bytes(source);
        }
        self.origins.remove(&source.origin);
        Self::bytes(source)
    }

    fn was_last(&mut self, address: usize) -> bool {
        let holders = self.holders.get_mut(&address);
        let holders = holders.expect("only held sources are released");
        *holders -= 1;
        let last = *holders == 0;
        if last {
            self.holders.remove(&address);
        }
        last
    }
}

fn source_bytes(source: &Source) -> usize {
    PER_SOURCE + source.bytes()
}

fn origin_bytes(origin: &Origin) -> usize {
    PER_ORIGIN + origin.bytes()
}

fn address<T>(item: &T) -> usize {
    std::ptr::from_ref(item).addr()
}
