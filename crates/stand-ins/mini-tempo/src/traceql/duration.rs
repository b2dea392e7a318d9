//! Go's durations, such as `100ms`, `1.5s` or `1h30m`, which TraceQL uses.

const UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3), // U+00B5, micro sign
    ("μs", 1e3), // U+03BC, Greek letter mu
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3600e9),
];

/// Parses to nanoseconds; none if it is negative, not a duration with units, or longer than 100
/// years.
pub(super) fn parse(text: &str) -> Option<u64> {
    const MAX_NANOS: f64 = 100.0 * 365.25 * 24.0 * 3600e9;
    if text == "0" {
        return Some(0);
    }
    let mut rest = text;
    let mut nanos = 0.0;
    while !rest.is_empty() || text.is_empty() {
        let (number, tail) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, tail) = split(tail, char::is_alphabetic);
        let (_, length) = UNITS.iter().find(|(name, _)| *name == unit)?;
        nanos += number.parse::<f64>().ok()? * length;
        rest = tail;
    }
    (nanos <= MAX_NANOS).then_some(nanos.round() as u64)
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}
