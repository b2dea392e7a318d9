//! Components that a load run watches: what each uses and loses while requests are sent, by its own
//! `/metrics`.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::{Duration, Instant};

use serde::Serialize;
use signals::Reader;
use signals::exposition::Exposition;
use telemetry::client::http_url;

/// Timeout of one answer: a component under load may be slow.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A counter of losses: its name, what is lost, and a label whose value means that nothing is.
type Loss = (
    &'static str,
    &'static str,
    Option<(&'static str, &'static str)>,
);

/// Counters of the services, Alloy, Tempo, its stand-in and Loki.
const LOSSES: [Loss; 11] = [
    (
        "telemetry_spans_total",
        "spans",
        Some(("outcome", "exported")),
    ),
    ("telemetry_log_lines_dropped_total", "lines", None),
    ("http_requests_rejected_total", "requests", None),
    ("otelcol_receiver_refused_spans_total", "spans", None),
    ("otelcol_processor_refused_spans_total", "spans", None),
    ("otelcol_exporter_send_failed_spans_total", "spans", None),
    ("otelcol_exporter_enqueue_failed_spans_total", "spans", None),
    ("loki_write_dropped_entries_total", "lines", None),
    ("tempo_discarded_spans_total", "spans", None),
    ("mini_tempo_spans_rejected_total", "spans", None),
    ("loki_discarded_samples_total", "lines", None),
];

/// A component, by name.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    name: String,
    reader: Reader,
}

impl FromStr for Watched {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("{text:?} is not NAME=URL, as in tempo=http://localhost:3200");
        let (name, url) = text.split_once('=').ok_or_else(expected)?;
        if name.is_empty() {
            return Err(expected());
        }
        let url = http_url(url).map_err(|error| error.to_string())?;
        Ok(Self {
            name: name.to_owned(),
            reader: Reader::new(url, TIMEOUT),
        })
    }
}

/// One component during one measurement.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Component {
    pub(crate) name: String,
    /// CPU time a second, in cores; none if it has no such metric or did not answer.
    pub(crate) cores: Option<f64>,
    /// Memory in RAM at the end, in bytes.
    pub(crate) resident_bytes: Option<f64>,
    /// What it lost, by kind.
    pub(crate) lost: BTreeMap<&'static str, f64>,
}

/// What every component had used and lost at one moment.
pub(super) struct Moment {
    at: Instant,
    metrics: Vec<Option<Exposition>>,
}

/// Reads all components.
pub(super) async fn look(watched: &[Watched]) -> Moment {
    let mut metrics = Vec::new();
    for component in watched {
        metrics.push(Exposition::scrape(&component.reader).await.ok());
    }
    Moment {
        at: Instant::now(),
        metrics,
    }
}

/// What the components used and lost between two moments.
pub(super) fn between(watched: &[Watched], before: &Moment, after: &Moment) -> Vec<Component> {
    let seconds = (after.at - before.at).as_secs_f64();
    let pairs = before.metrics.iter().zip(&after.metrics);
    let components = watched.iter().zip(pairs);
    let component = |(watched, (before, after)): (&Watched, (&Option<_>, &Option<_>))| Component {
        name: watched.name.clone(),
        cores: grown(before, after, "process_cpu_seconds_total").map(|grown| grown / seconds),
        resident_bytes: value(after, "process_resident_memory_bytes"),
        lost: lost(before, after),
    };
    components.map(component).collect()
}

fn value(metrics: &Option<Exposition>, name: &str) -> Option<f64> {
    metrics.as_ref()?.sum(name, &[])
}

fn grown(before: &Option<Exposition>, after: &Option<Exposition>, name: &str) -> Option<f64> {
    Some(value(after, name)? - value(before, name)?)
}

fn lost(before: &Option<Exposition>, after: &Option<Exposition>) -> BTreeMap<&'static str, f64> {
    let mut lost = BTreeMap::new();
    for (name, what, fine) in LOSSES {
        let of = |metrics: &Option<Exposition>| {
            let Some(metrics) = metrics else { return 0.0 };
            let all = metrics.sum(name, &[]).unwrap_or_default();
            let fine = fine.and_then(|label| metrics.sum(name, &[label]));
            all - fine.unwrap_or_default()
        };
        let grown = of(after) - of(before);
        if grown > 0.0 {
            *lost.entry(what).or_default() += grown;
        }
    }
    lost
}
