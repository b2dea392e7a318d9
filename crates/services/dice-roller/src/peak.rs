//! The maximum of a gauge between two scrapes. A sample of the gauge itself rarely shows it,
//! because a batch lasts less than a second.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use telemetry::metrics::IntGauge;

/// The shortest window of a maximum: the stack's scrape interval. More frequent readers share a
/// window, so a second scraper does not reset it for the first.
const WINDOW: Duration = Duration::from_secs(5);

/// Tracks a gauge. Recording a value takes no lock.
pub(crate) struct Peak {
    gauge: IntGauge,
    /// The maximum since the window began.
    current: AtomicI64,
    window: Mutex<Window>,
}

struct Window {
    began: Instant,
    /// The maximum of the previous window.
    previous: i64,
}

impl Peak {
    pub(crate) fn new(gauge: IntGauge) -> Self {
        Self {
            gauge,
            current: AtomicI64::new(0),
            window: Mutex::new(Window {
                began: Instant::now(),
                previous: 0,
            }),
        }
    }

    /// Records the gauge's value; call it after each increase.
    pub(crate) fn record(&self) {
        self.current.fetch_max(self.gauge.get(), Ordering::Relaxed);
    }

    /// The maximum of the current and the previous window.
    pub(crate) fn read(&self) -> i64 {
        self.read_at(Instant::now())
    }

    fn read_at(&self, now: Instant) -> i64 {
        let window = self.window.lock();
        let mut window = window.unwrap_or_else(PoisonError::into_inner);
        let current = self.current.load(Ordering::Relaxed);
        let largest = current.max(window.previous);
        if now.saturating_duration_since(window.began) >= WINDOW {
            // A value recorded between the load and this line belongs to the window that ends.
            let ended = self.current.swap(self.gauge.get(), Ordering::Relaxed);
            *window = Window {
                began: now,
                previous: ended,
            };
            return largest.max(ended);
        }
        largest
    }
}

#[cfg(test)]
mod tests {
    use telemetry::metrics::IntGauge;

    use super::{Peak, WINDOW};

    #[test]
    fn every_reader_sees_a_peak_between_two_scrapes() {
        let gauge = IntGauge::new("rolls", "Rolls").expect("a name");
        let peak = Peak::new(gauge.clone());
        let start = std::time::Instant::now();
        for value in [3, 17, 0] {
            gauge.set(value);
            peak.record();
        }
        let first = [peak.read_at(start + WINDOW), peak.read_at(start + WINDOW)];
        assert_eq!(first, [17, 17], "two scrapers, one after the other");
        assert_eq!(peak.read_at(start + WINDOW * 2), 17, "and the next scrape");
        assert_eq!(peak.read_at(start + WINDOW * 3), 0, "it is over");
    }
}
