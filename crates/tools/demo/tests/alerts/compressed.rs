//! The stack's rules and configuration on a faster clock: every duration is divided by the same
//! number, and nothing else changes.

/// How much faster time passes. The scrape interval of 5 s becomes 2 s: shorter ones would make a
/// busy machine look like a broken one.
const SPEED: f64 = 2.5;

/// The keys whose values are durations.
const KEYS: [&str; 6] = [
    "interval: ",
    "scrape_interval: ",
    "scrape_timeout: ",
    "evaluation_interval: ",
    "for: ",
    "keep_firing_for: ",
];

/// A file of rules, or Prometheus' configuration, with the values of [`KEYS`] compressed, and the
/// ranges of its queries.
pub(crate) fn file(text: &str) -> String {
    text.lines()
        .fold(String::new(), |all, line| all + &compressed(line) + "\n")
}

/// A query with its ranges compressed: `rate(x[1m])` becomes `rate(x[24000ms])`.
pub(crate) fn query(text: &str) -> String {
    let mut parts = text.split('[');
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (range, rest) = part.split_once(']').unwrap_or((part, ""));
        // A list of files has brackets, too.
        let range = match range.starts_with(|c: char| c.is_ascii_digit()) {
            true => range.split(':').map(duration).collect::<Vec<_>>().join(":"),
            false => range.to_owned(),
        };
        all += &format!("[{range}]{rest}");
    }
    all
}

fn compressed(line: &str) -> String {
    let text = line.trim_start();
    let indent = &line[..line.len() - text.len()];
    match KEYS.iter().find(|key| text.starts_with(**key)) {
        Some(key) => {
            let value = &text[key.len()..];
            let (value, comment) = value.split_once(' ').unwrap_or((value, ""));
            format!("{indent}{key}{} {comment}", duration(value))
                .trim_end()
                .to_owned()
        }
        None => query(line),
    }
}

/// A duration as Prometheus writes it, `2h24m`, divided by [`SPEED`], in milliseconds.
fn duration(text: &str) -> String {
    let duration = humantime::parse_duration(text);
    let duration = duration.unwrap_or_else(|error| panic!("{text:?}: {error}"));
    format!("{}ms", duration.div_f64(SPEED).as_millis())
}

#[test]
fn durations_are_divided_and_labels_stay() {
    let rules = "    interval: 5s # x\n      expr: 'min_over_time(a{window=\"20s\"}[2h24m:20s]) / rate(b[1m]) * 5'\n      for: 15s\n";
    let expected = "    interval: 2000ms # x\n      expr: 'min_over_time(a{window=\"20s\"}[3456000ms:8000ms]) / rate(b[24000ms]) * 5'\n      for: 6000ms\n";
    assert_eq!(file(rules), expected);
}
