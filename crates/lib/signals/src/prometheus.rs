//! Series from Prometheus. <https://prometheus.io/docs/prometheus/latest/querying/api/>

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::reader::unreadable;
use crate::{AskError, Reader};

/// A client for one Prometheus.
#[derive(Debug, Clone)]
pub struct Prometheus(Reader);

/// Labels with their values; the metric's name is `__name__`.
pub type Labels = BTreeMap<String, String>;

/// One series at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Instant {
    /// Its labels.
    pub labels: Labels,
    /// The time of the sample, in seconds since 1970.
    pub at: f64,
    /// The value; may be NaN or infinite.
    pub value: f64,
}

/// The evaluation times of a range query, as for a graph.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Graph {
    /// The first, in seconds since 1970.
    pub start: f64,
    /// The last, in seconds since 1970.
    pub end: f64,
    /// The step, in seconds.
    pub step: f64,
}

/// The samples of one series.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// Its labels.
    pub labels: Labels,
    /// Seconds since 1970, and the value; oldest first.
    pub samples: Vec<(f64, f64)>,
}

/// A measurement stored with the id of its trace.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Exemplar {
    /// Its labels, including the trace id.
    pub labels: Labels,
    /// The time of the measurement, in seconds since 1970.
    pub timestamp: f64,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Vector<T> {
    result: Vec<T>,
}

#[derive(Deserialize)]
struct WireInstant {
    #[serde(default)]
    metric: Labels,
    value: (f64, String),
}

#[derive(Deserialize)]
struct WireRange {
    #[serde(default)]
    metric: Labels,
    values: Vec<(f64, String)>,
}

#[derive(Deserialize)]
struct WithExemplars {
    #[serde(default)]
    exemplars: Vec<Exemplar>,
}

impl Prometheus {
    /// Reads through `reader`, whose base is the URL of Prometheus.
    #[must_use]
    pub fn new(reader: Reader) -> Self {
        Self(reader)
    }

    /// The current instant vector of `query`.
    ///
    /// # Errors
    /// [`AskError`]; a rejected query is a status with Prometheus' own error text.
    pub async fn instant(&self, query: &str) -> Result<Vec<Instant>, AskError> {
        let series: Vec<WireInstant> = self.query(query).await?;
        let read = |WireInstant { metric, value }| {
            let (at, value) = self.sample(value)?;
            Ok(Instant {
                labels: metric,
                at,
                value,
            })
        };
        series.into_iter().map(read).collect()
    }

    /// The current raw samples of a range selector, as in `up[1m]`.
    ///
    /// # Errors
    /// As [`instant`](Self::instant).
    pub async fn range(&self, selector: &str) -> Result<Vec<Range>, AskError> {
        self.ranges(self.query(selector).await?)
    }

    /// The result of `query` at each time of `graph`.
    ///
    /// # Errors
    /// As [`instant`](Self::instant).
    pub async fn graph(&self, query: &str, graph: Graph) -> Result<Vec<Range>, AskError> {
        let [start, end, step] = [graph.start, graph.end, graph.step].map(|time| time.to_string());
        let parameters = [
            ("query", query),
            ("start", &start),
            ("end", &end),
            ("step", &step),
        ];
        let ask = self.0.get("/api/v1/query_range", &parameters);
        let answer: Answer<Vector<WireRange>> = ask.json().await?;
        self.ranges(answer.data.result)
    }

    /// The exemplars of the series that `query` selects, between two times in seconds since 1970.
    ///
    /// # Errors
    /// As [`instant`](Self::instant).
    pub async fn exemplars(
        &self,
        query: &str,
        start: u64,
        end: u64,
    ) -> Result<Vec<Exemplar>, AskError> {
        let (start, end) = (start.to_string(), end.to_string());
        let parameters = [("query", query), ("start", &start), ("end", &end)];
        let ask = self.0.get("/api/v1/query_exemplars", &parameters);
        let answer: Answer<Vec<WithExemplars>> = ask.json().await?;
        let series = answer.data.into_iter();
        Ok(series.flat_map(|series| series.exemplars).collect())
    }

    async fn query<T: DeserializeOwned>(&self, query: &str) -> Result<Vec<T>, AskError> {
        let ask = self.0.get("/api/v1/query", &[("query", query)]);
        let answer: Answer<Vector<T>> = ask.json().await?;
        Ok(answer.data.result)
    }

    fn ranges(&self, series: Vec<WireRange>) -> Result<Vec<Range>, AskError> {
        let read = |WireRange { metric, values }| {
            let samples = values.into_iter().map(|value| self.sample(value));
            Ok(Range {
                labels: metric,
                samples: samples.collect::<Result<_, _>>()?,
            })
        };
        series.into_iter().map(read).collect()
    }

    /// Prometheus encodes values as strings, because JSON has no NaN and no infinity.
    fn sample(&self, (at, value): (f64, String)) -> Result<(f64, f64), AskError> {
        let number = value.parse();
        let number =
            number.map_err(|_| unreadable(self.0.base(), format!("{value:?} is not a number")))?;
        Ok((at, number))
    }
}
