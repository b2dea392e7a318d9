//! What opening a dashboard asks of its datasources.

use std::fmt;
use std::time::Duration;

use crate::support::board::{Board, Query};

/// The queries of a dashboard that is opened may take as long as this many of the cheapest queries
/// of their datasources, each measured beside its query: a busy machine slows both. The goal is
/// 2 s for a whole dashboard, one query after the other (Grafana sends six at a time), on a machine
/// that answers the cheapest query in 4 ms.
const LONGEST: f64 = 500.0;

/// How long a query took, and the cheapest query of the same datasource just after it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    pub(crate) query: Duration,
    pub(crate) cheapest: Duration,
}

/// One dashboard's queries: those that it sends when it is opened, and all.
pub(crate) struct Cost {
    file: String,
    open: (usize, Duration),
    all: (usize, Duration),
    /// The cheapest queries beside those that it sends when it is opened, together.
    cheapest: Duration,
}

impl Cost {
    pub(crate) fn of(board: &Board) -> Self {
        let (open, all) = board.query_counts();
        Self {
            file: board.file.clone(),
            open: (open, Duration::ZERO),
            all: (all, Duration::ZERO),
            cheapest: Duration::ZERO,
        }
    }

    /// Adds a query that took so long.
    pub(crate) fn add(&mut self, board: &Board, query: &Query, took: Took) {
        self.all.1 += took.query;
        if board.is_open(&query.place) {
            self.open.1 += took.query;
            self.cheapest += took.cheapest;
        }
    }

    /// Whether its queries are too heavy.
    pub(crate) fn is_long(&self) -> bool {
        self.in_cheapest() > LONGEST
    }

    /// How many of the cheapest queries take as long as those that it sends when it is opened.
    fn in_cheapest(&self) -> f64 {
        let (queries, took) = self.open;
        queries as f64 * took.as_secs_f64() / self.cheapest.as_secs_f64()
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((open, now), (all, later)) = (self.open, self.all);
        let (now, later) = (now.as_millis(), later.as_millis());
        let (file, cheapest) = (&self.file, self.in_cheapest());
        write!(
            f,
            "{file:26} opened: {open:>3} queries, {now:>4} ms, as {cheapest:>4.0} of the cheapest; \
             unfolded: {all:>3}, {later:>4} ms"
        )
    }
}
