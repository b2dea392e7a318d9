//! The cost of opening a dashboard, measured at its datasources.

use std::fmt;
use std::time::Duration;

use crate::support::board::{Board, Query};

/// Limit for the queries that a dashboard sends when it is opened, in multiples of the cheapest
/// query of their datasources, each measured beside its query: a busy machine slows both. The goal
/// is 2 s for a whole dashboard with sequential queries (Grafana sends six at a time), on a machine
/// that answers the cheapest query in 4 ms.
const LONGEST: f64 = 500.0;

/// The duration of a query, and of the cheapest query of the same datasource just after it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    pub(crate) query: Duration,
    pub(crate) cheapest: Duration,
}

/// The queries of one dashboard: those sent when it is opened, and all.
pub(crate) struct Cost {
    file: String,
    open: (usize, Duration),
    all: (usize, Duration),
    /// Total duration of the cheapest queries beside those sent when it is opened.
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

    /// Adds a measured query.
    pub(crate) fn add(&mut self, board: &Board, query: &Query, took: Took) {
        self.all.1 += took.query;
        if board.is_open(&query.place) {
            self.open.1 += took.query;
            self.cheapest += took.cheapest;
        }
    }

    /// Whether the dashboard's queries are too expensive.
    pub(crate) fn is_long(&self) -> bool {
        self.in_cheapest() > LONGEST
    }

    /// The duration of the queries sent when it is opened, in multiples of the cheapest query.
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
