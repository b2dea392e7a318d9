//! Samples of `/metrics`, Prometheus' text format 0.0.4.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::{AskError, Reader, reader::unreadable};

/// One sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The metric's name, with the `_bucket`, `_sum` or `_count` of a histogram.
    pub name: String,
    /// Labels with their values, unescaped.
    pub labels: BTreeMap<String, String>,
    /// The value; its unit is the metric's.
    pub value: f64,
}

impl Sample {
    /// Whether the sample has all of these labels.
    #[must_use]
    pub fn has(&self, labels: &[(&str, &str)]) -> bool {
        labels
            .iter()
            .all(|(name, value)| self.labels.get(*name).is_some_and(|own| own == value))
    }
}

/// The samples of one scrape.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Exposition(Vec<Sample>);

/// A line that is not in the format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not a sample: {text:?}")]
pub struct NotASample {
    /// The line number, from 1.
    pub line: usize,
    /// The line.
    pub text: String,
}

impl FromStr for Exposition {
    type Err = NotASample;

    fn from_str(text: &str) -> Result<Self, NotASample> {
        let mut samples = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let sample = sample(line.trim()).ok_or_else(|| NotASample {
                line: index + 1,
                text: line.to_owned(),
            })?;
            samples.push(sample);
        }
        Ok(Self(samples))
    }
}

impl Exposition {
    /// GETs `/metrics` below the reader's base.
    ///
    /// # Errors
    /// [`AskError`]; unreadable if a line is not in the format.
    pub async fn scrape(reader: &Reader) -> Result<Self, AskError> {
        let text = reader.get("/metrics", &[]).text().await?;
        text.parse()
            .map_err(|error: NotASample| unreadable(reader.base(), error))
    }

    /// All samples, in the order of the text.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.0
    }

    /// The samples of `name` that have all of `labels`.
    pub fn select<'a>(
        &'a self,
        name: &'a str,
        labels: &'a [(&'a str, &'a str)],
    ) -> impl Iterator<Item = &'a Sample> {
        let samples = self.0.iter();
        samples.filter(move |sample| sample.name == name && sample.has(labels))
    }

    /// The sum over the selected samples; none, rather than zero, if no series matches.
    #[must_use]
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let values = self.select(name, labels).map(|sample| sample.value);
        values.reduce(|sum, value| sum + value)
    }
}

/// `name{label="value",...} value [timestamp]`.
fn sample(line: &str) -> Option<Sample> {
    let end = line.find(['{', ' ', '\t'])?;
    let (name, rest) = line.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (BTreeMap::new(), rest),
    };
    let value = rest.split_ascii_whitespace().next()?;
    let is_name = !name.is_empty() && !name.starts_with(|first: char| first.is_ascii_digit());
    is_name.then_some(Sample {
        name: name.to_owned(),
        labels,
        value: value.parse().ok()?,
    })
}

/// The text between the braces, and the text after them.
fn labels(mut rest: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches([' ', ',']);
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, after) = rest.split_once('=')?;
        let (value, after) = quoted(after.trim_start().strip_prefix('"')?)?;
        labels.insert(name.trim().to_owned(), value);
        rest = after;
    }
}

/// A label's value up to its closing quote, and the rest. `\\`, `\"` and `\n` are escapes.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                escaped => value.push(escaped),
            },
            character => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::Exposition;

    const SCRAPE: &str = "\
# HELP http_requests_total Requests answered
# TYPE http_requests_total counter
http_requests_total{handler=\"/\",method=\"GET\",status=\"200\"} 100
http_requests_total{handler=\"/roll\", method=\"GET\", status=\"200\",} 3
http_requests_total{handler=\"/roll\",method=\"HEAD\",status=\"500\"} 4 1700000000000
http_requests_total_other{handler=\"/roll\"} 1000
odd{text=\"a \\\"quoted\\\" } \\\\ and\\nmore\"} +Inf
plain 1.5e3
";

    fn read() -> Exposition {
        SCRAPE.parse().expect("a scrape")
    }

    #[test]
    fn series_are_selected_by_name_and_labels() {
        let roll = [("handler", "/roll")];
        assert_eq!(read().sum("http_requests_total", &roll), Some(7.0));
        let get = [("handler", "/roll"), ("method", "GET")];
        assert_eq!(read().sum("http_requests_total", &get), Some(3.0));
    }

    #[test]
    fn a_missing_series_is_not_zero() {
        assert_eq!(read().sum("http_requests", &[]), None);
        assert_eq!(read().sum("plain", &[("a", "b")]), None);
        assert_eq!(read().sum("plain", &[]), Some(1500.0));
    }

    #[test]
    fn label_values_are_unescaped() {
        let scrape = read();
        let odd = scrape.select("odd", &[]).next().expect("a sample");
        assert_eq!(odd.labels["text"], "a \"quoted\" } \\ and\nmore");
        assert_eq!(odd.value, f64::INFINITY);
    }

    #[test]
    fn a_line_in_another_format_is_named() {
        let error = "a 1\n<html>\n"
            .parse::<Exposition>()
            .expect_err("no scrape");
        assert_eq!(error.to_string(), "line 2 is not a sample: \"<html>\"");
        for line in ["a{b=\"c} 1", "a{b} 1", "a one", "a", "{a=\"b\"} 1", "1a 1"] {
            assert!(line.parse::<Exposition>().is_err(), "{line}");
        }
    }
}
