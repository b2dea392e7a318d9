//! The same lines from Loki, page by page.

use std::collections::HashSet;

use signals::loki::Stream;
use url::Url;

use super::lines::{Counted, Line};
use super::source::Source;
use crate::error::Error;

/// Which lines are read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    /// Those of completed rolls.
    Completed,
    /// All of the services that a roll passes.
    All,
}

impl Which {
    fn query(self) -> &'static str {
        match self {
            // Matches both messages with one filter: a line filter is cheaper than a parser.
            Self::Completed => r#"{service_name="dice-roller"} |~ "(Roll|Async roll) completed""#,
            Self::All => r#"{service_name=~"frontend|dice-roller|die-service"}"#,
        }
    }
}

/// One Loki.
pub(super) struct Loki(Source);

impl Loki {
    pub(super) fn new(url: &Url) -> Self {
        Self(Source::new("Loki", url, "--loki"))
    }

    /// The lines between two times, in nanoseconds since 1970.
    pub(super) async fn read(&self, which: Which, from: u64, to: u64) -> Result<Counted, Error> {
        let mut counted = Counted::default();
        let mut seen = HashSet::new();
        let loki = signals::loki::Loki::new(self.0.reader.clone());
        let reading = loki.all(which.query(), from, to, |stream| {
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
    let Ok(read) = serde_json::from_str::<Line>(line) else {
        return;
    };
    let of_stream = || stream.labels.get("trace_id");
    let trace_id = read.trace_id.as_ref().or_else(of_stream);
    // Loki does not keep the line break.
    counted.add(&read, trace_id.map(String::as_str), line.len() + 1);
}
