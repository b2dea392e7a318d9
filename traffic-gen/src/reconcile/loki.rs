//! The same lines from Loki, page by page.

use std::collections::HashSet;

use signals::loki::Stream;
use url::Url;

use super::lines::{Counted, Line};
use super::source::Source;
use crate::error::Error;

/// Matches both messages with one filter: a line filter is cheaper than a parser.
const QUERY: &str = r#"{service_name="dice-roller"} |~ "(Roll|Async roll) completed""#;

/// One Loki.
pub(super) struct Loki(Source);

impl Loki {
    pub(super) fn new(url: &Url) -> Self {
        Self(Source::new("Loki", url, "--loki"))
    }

    /// All lines between two times, in nanoseconds since 1970.
    pub(super) async fn read(&self, from: u64, to: u64) -> Result<Counted, Error> {
        let mut counted = Counted::default();
        let mut seen = HashSet::new();
        let loki = signals::loki::Loki::new(self.0.reader.clone());
        let reading = loki.all(QUERY, from, to, |stream| {
            // Pages overlap by the lines of one nanosecond.
            for line in &stream.lines {
                if seen.insert(line.clone()) {
                    count(&mut counted, stream, &line.text);
                }
            }
        });
        reading.await.map_err(|error| self.0.error(error))?;
        Ok(counted)
    }
}

/// Ids are in the line or, if a collector extracted them, in the stream's labels.
fn count(counted: &mut Counted, stream: &Stream, line: &str) {
    let Ok(Line { message, trace_id }) = serde_json::from_str(line) else {
        return;
    };
    let trace_id = trace_id.as_ref().or_else(|| stream.labels.get("trace_id"));
    if let (Some(message), Some(trace_id)) = (message, trace_id) {
        counted.add(trace_id, &message);
    }
}
