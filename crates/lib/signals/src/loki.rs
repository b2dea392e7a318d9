//! Lines from Loki. <https://grafana.com/docs/loki/latest/reference/loki-http-api/>

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::reader::unreadable;
use crate::{AskError, Reader};

/// Loki's default for the maximum number of lines in one answer.
pub const PAGE: usize = 5000;

/// A client for one Loki.
#[derive(Debug, Clone)]
pub struct Loki(Reader);

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Line {
    /// Nanoseconds since 1970.
    pub at: u64,
    /// As it was written.
    pub text: String,
}

/// Lines with the same labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// Labels, and the structured metadata that the query selects.
    pub labels: BTreeMap<String, String>,
    /// In the order of the answer.
    pub lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    result: Vec<WireStream>,
}

#[derive(Deserialize)]
struct WireStream {
    #[serde(default)]
    stream: BTreeMap<String, String>,
    /// A time and a text each; newer versions add more.
    #[serde(default)]
    values: Vec<Vec<Value>>,
}

impl Loki {
    /// Reads through `reader`, whose base is the URL of Loki.
    #[must_use]
    pub fn new(reader: Reader) -> Self {
        Self(reader)
    }

    /// One page of lines, the oldest first, between two times in nanoseconds since 1970.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn page(
        &self,
        query: &str,
        start: u64,
        end: u64,
        limit: usize,
    ) -> Result<Vec<Stream>, AskError> {
        let (start, end, limit) = (start.to_string(), end.to_string(), limit.to_string());
        let parameters = [
            ("query", query),
            ("start", &start),
            ("end", &end),
            ("limit", &limit),
            ("direction", "forward"),
        ];
        let ask = self.0.get("/loki/api/v1/query_range", &parameters);
        let answer: Answer = ask.json().await?;
        answer
            .data
            .result
            .into_iter()
            .map(|s| self.read(s))
            .collect()
    }

    /// All lines between two times, page by page. Pages overlap by the lines of one nanosecond:
    /// `each` may see those twice.
    ///
    /// # Errors
    /// [`AskError`]; unreadable if one nanosecond has more lines than fit on a page.
    pub async fn all(
        &self,
        query: &str,
        start: u64,
        end: u64,
        mut each: impl FnMut(&Stream),
    ) -> Result<(), AskError> {
        let mut from = start;
        loop {
            let streams = self.page(query, from, end, PAGE).await?;
            streams.iter().for_each(&mut each);
            let lines = || streams.iter().flat_map(|stream| &stream.lines);
            if lines().count() < PAGE {
                return Ok(());
            }
            let last = lines().map(|line| line.at).max().unwrap_or(from);
            if last == from {
                let cause = format!("{PAGE} lines or more of one nanosecond");
                return Err(unreadable(self.0.base(), cause));
            }
            from = last;
        }
    }

    fn read(&self, wire: WireStream) -> Result<Stream, AskError> {
        let lines = wire.values.into_iter().map(|value| {
            let text = |index: usize| value.get(index).and_then(Value::as_str);
            let at = text(0).and_then(|at| at.parse().ok());
            let line = at.zip(text(1)).map(|(at, text)| Line {
                at,
                text: text.to_owned(),
            });
            line.ok_or_else(|| unreadable(self.0.base(), "a line is not a time and a text"))
        });
        Ok(Stream {
            lines: lines.collect::<Result<_, _>>()?,
            labels: wire.stream,
        })
    }
}
