//! The same lines from Loki, page by page.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use super::lines::{Counted, Line};
use super::source::Source;
use crate::Error;
use crate::reach::endpoint;

/// Loki's own default for the most lines in one answer.
const PAGE: usize = 5000;

/// Both messages; one filter, because a line filter is cheap and a parser is not.
const QUERY: &str = r#"{service_name="dice-roller"} |~ "(Roll|Async roll) completed""#;

/// One Loki.
pub(super) struct Loki(Source);

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    result: Vec<Stream>,
}

#[derive(Deserialize)]
struct Stream {
    /// Labels, and structured metadata.
    #[serde(default)]
    stream: BTreeMap<String, String>,
    values: Vec<Vec<serde_json::Value>>,
}

impl Loki {
    pub(super) fn new(url: &url::Url) -> Self {
        Self(Source::new("Loki", url, "--loki"))
    }

    /// All lines between two times, in nanoseconds since 1970.
    pub(super) async fn read(&self, from: u64, to: u64) -> Result<Counted, Error> {
        let mut counted = Counted::default();
        let mut seen: HashSet<(u64, String)> = HashSet::new();
        let mut start = from;
        loop {
            let streams = self.page(start, to).await?;
            let lines = streams
                .iter()
                .map(|stream| stream.values.len())
                .sum::<usize>();
            let mut last = start;
            for stream in &streams {
                for value in &stream.values {
                    let (at, line) = self.entry(value)?;
                    last = last.max(at);
                    // Pages overlap by the lines of one nanosecond.
                    if seen.insert((at, line.to_owned())) {
                        count(&mut counted, stream, line);
                    }
                }
            }
            if lines < PAGE {
                return Ok(counted);
            }
            if last == start {
                let problem = format!("{PAGE} lines or more of one nanosecond");
                return Err(self.0.unusable(problem));
            }
            start = last;
        }
    }

    async fn page(&self, start: u64, end: u64) -> Result<Vec<Stream>, Error> {
        let (start, end, limit) = (start.to_string(), end.to_string(), PAGE.to_string());
        let query = [
            ("query", QUERY),
            ("start", &start),
            ("end", &end),
            ("limit", &limit),
            ("direction", "forward"),
        ];
        let url = endpoint(&self.0.base, "/loki/api/v1/query_range", &query);
        let answer: Option<Answer> = self.0.json(url).await?;
        let answer = answer.ok_or_else(|| self.0.unusable("there is no query_range"))?;
        Ok(answer.data.result)
    }

    fn entry<'a>(&self, value: &'a [serde_json::Value]) -> Result<(u64, &'a str), Error> {
        let text = |index: usize| value.get(index).and_then(serde_json::Value::as_str);
        let at = text(0).and_then(|at| at.parse().ok());
        let entry = at.zip(text(1));
        entry.ok_or_else(|| self.0.unusable("a line is not a time and a text"))
    }
}

/// The ids are in the line, and may have been lifted out of it on the way.
fn count(counted: &mut Counted, stream: &Stream, line: &str) {
    let Ok(Line { message, trace_id }) = serde_json::from_str(line) else {
        return;
    };
    let trace_id = trace_id.as_ref().or_else(|| stream.stream.get("trace_id"));
    if let (Some(message), Some(trace_id)) = (message, trace_id) {
        counted.add(trace_id, &message);
    }
}
