//! Times of day, as they are printed and as learners write them.

use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::macros::format_description;

/// Time zones differ by multiples of this, so that a time of day is compared modulo it: a learner may
/// read the clock of a browser, of a log line or of the wall.
const ZONES: i64 = 15 * 60;

/// Seconds since 1970.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

/// A time in UTC, as in `20:31:05`.
pub(crate) fn utc(time: SystemTime) -> String {
    let format = format_description!("[hour]:[minute]:[second]");
    let time = OffsetDateTime::from(time).format(&format);
    time.expect("a time of day can be written")
}

/// A time in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// Seconds since midnight, in any time zone.
    Clock(i64),
    /// How long ago.
    Ago(Duration),
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "{text:?} is no time; expected a time of day as in 20:31:05, or how long ago as in 4m 30s"
            )
        };
        if text.contains(':') {
            return clock(text).map(Self::Clock).ok_or_else(expected);
        }
        let ago = text.trim().trim_end_matches("ago").trim();
        let ago = humantime::parse_duration(ago);
        ago.map(Self::Ago).map_err(|_| expected())
    }
}

/// `hours:minutes` or `hours:minutes:seconds` since midnight.
fn clock(text: &str) -> Option<i64> {
    let parts = text.trim().split(':').map(|part| part.parse::<i64>().ok());
    let parts: Vec<i64> = parts.collect::<Option<_>>()?;
    let [hours, minutes, seconds] = match parts[..] {
        [hours, minutes] => [hours, minutes, 0],
        [hours, minutes, seconds] => [hours, minutes, seconds],
        _ => return None,
    };
    let is_time =
        (0..24).contains(&hours) && (0..60).contains(&minutes) && (0..60).contains(&seconds);
    is_time.then_some(hours * 3600 + minutes * 60 + seconds)
}

impl Since {
    /// How far it is from `truth`, if it is written at `now`.
    pub(crate) fn error(self, truth: SystemTime, now: SystemTime) -> Duration {
        let truth = OffsetDateTime::from(truth).unix_timestamp();
        let now = OffsetDateTime::from(now).unix_timestamp();
        let off = match self {
            Self::Ago(ago) => {
                let ago = i64::try_from(ago.as_secs()).unwrap_or(i64::MAX);
                now.saturating_sub(ago).abs_diff(truth)
            }
            Self::Clock(seconds) => {
                let off = (seconds - truth).rem_euclid(ZONES);
                off.min(ZONES - off).unsigned_abs()
            }
        };
        Duration::from_secs(off)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_time_of_day_is_compared_in_any_time_zone() {
        // 2026-11-30 20:31:05 UTC.
        let truth = at(1_796_070_665);
        assert_eq!(utc(truth), "20:31:05");
        for (text, error) in [
            ("20:31:05", 0),
            ("21:31:05", 0),
            ("02:01:05", 0),
            ("20:31", 5),
            ("21:30:35", 30),
            ("20:32:45", 100),
            ("20:30:00", 65),
        ] {
            let since: Since = text.parse().expect(text);
            let off = since.error(truth, truth + Duration::from_secs(600));
            assert_eq!(off.as_secs(), error, "{text}");
        }
    }

    #[test]
    fn a_duration_is_how_long_ago() {
        let (truth, now) = (at(1_000_000), at(1_000_300));
        for (text, error) in [("5m", 0), ("4m 30s ago", 30), ("300s", 0), ("6min", 60)] {
            let since: Since = text.parse().expect(text);
            assert_eq!(since.error(truth, now).as_secs(), error, "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused_with_examples() {
        for text in ["", "now", "25:00", "20:61", "1:2:3:4", "-1:00", "5 parsecs"] {
            let error = text.parse::<Since>().expect_err(text);
            assert!(
                error.contains("20:31:05") && error.contains("4m 30s"),
                "{error}"
            );
        }
    }
}
