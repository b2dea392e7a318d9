//! Prometheus' text format 0.0.4, as far as a sum over series needs it.

use super::counters::Counter;

/// The sum over the series that `counter` selects; none when there is no such series.
pub(super) fn sum(text: &str, counter: &Counter) -> Option<f64> {
    let values: Vec<f64> = text
        .lines()
        .filter_map(|line| value(line, counter))
        .collect();
    (!values.is_empty()).then(|| values.iter().sum())
}

fn value(line: &str, counter: &Counter) -> Option<f64> {
    let rest = line.strip_prefix(counter.metric)?;
    let (labels, value) = match rest.strip_prefix('{') {
        Some(rest) => rest.rsplit_once('}')?,
        None => ("", rest.starts_with(' ').then_some(rest)?),
    };
    let is_counted = |(name, allowed): &(&str, &[&str])| {
        allowed.iter().any(|value| has_label(labels, name, value))
    };
    if !counter.labels.iter().all(is_counted) {
        return None;
    }
    value.split_ascii_whitespace().next()?.parse().ok()
}

/// The values that are looked for need no escapes.
fn has_label(labels: &str, name: &str, value: &str) -> bool {
    let pair = format!("{name}=\"{value}\"");
    let mut found = labels.match_indices(&pair);
    found.any(|(at, _)| at == 0 || labels[..at].ends_with([',', ' ']))
}

#[cfg(test)]
mod tests {
    use super::super::counters::COUNTERS;
    use super::sum;

    const SCRAPE: &str = "\
# HELP http_requests_total Requests answered
# TYPE http_requests_total counter
http_requests_total{handler=\"/\",method=\"GET\",status=\"200\"} 100
http_requests_total{handler=\"/roll\",method=\"GET\",status=\"200\"} 3
http_requests_total{handler=\"/roll\",method=\"HEAD\",status=\"200\"} 50
http_requests_total{handler=\"/roll-async\",method=\"GET\",status=\"500\"} 4 1700000000000
http_requests_total_other{handler=\"/roll\",method=\"GET\"} 1000
";

    #[test]
    fn series_are_selected_by_their_labels() {
        assert_eq!(sum(SCRAPE, &COUNTERS[0]), Some(7.0));
    }

    #[test]
    fn a_metric_that_is_not_there_is_not_zero() {
        assert_eq!(sum(SCRAPE, &COUNTERS[1]), None);
    }
}
