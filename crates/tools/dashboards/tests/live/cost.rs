//! What opening a dashboard asks of its datasources.

use std::fmt;
use std::time::Duration;

use crate::support::board::{Board, Query};

/// The longest that the queries of a dashboard may take when it is opened, one after the other;
/// Grafana sends six at a time.
const LONGEST: Duration = Duration::from_secs(2);

/// One dashboard's queries: those that it sends when it is opened, and all.
pub(crate) struct Cost {
    file: String,
    open: (usize, Duration),
    all: (usize, Duration),
}

impl Cost {
    pub(crate) fn of(board: &Board) -> Self {
        let (open, all) = board.query_counts();
        Self {
            file: board.file.clone(),
            open: (open, Duration::ZERO),
            all: (all, Duration::ZERO),
        }
    }

    /// Adds a query that took so long.
    pub(crate) fn add(&mut self, board: &Board, query: &Query, took: Duration) {
        self.all.1 += took;
        if board.is_open(&query.place) {
            self.open.1 += took;
        }
    }

    /// Whether it took too long, which a busy machine can be the cause of.
    pub(crate) fn is_long(&self) -> bool {
        self.open.1 > LONGEST
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((open, now), (all, later)) = (self.open, self.all);
        let (now, later) = (now.as_millis(), later.as_millis());
        let file = &self.file;
        write!(
            f,
            "{file:26} opened: {open:>3} queries, {now:>4} ms; unfolded: {all:>3}, {later:>4} ms"
        )
    }
}
