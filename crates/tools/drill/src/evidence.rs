//! The evidence: queries that show the fault, with what they answer while it is still on.

mod queries;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use faults::{Fault, Source};
use serde_json::json;
use signals::loki::Loki;
use signals::prometheus::{Instant, Prometheus};
use signals::tempo::{Search, Tempo};
use signals::{AskError, Reader};
use url::Url;

use crate::cli::Cli;
use crate::clock::seconds;
use crate::links::{self, Window};

/// Timeout of each query.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Traces and log lines that are shown.
const SHOWN: usize = 3;

/// Time before the fault that links also show, to compare with.
const BEFORE: Duration = Duration::from_secs(5 * 60);

/// The longest log line that is shown, in characters.
const LINE: usize = 300;

/// A query, and what it answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Evidence {
    /// `metrics`, `traces`, `logs` or `alerts`.
    pub(crate) signal: &'static str,
    /// The query, in the language of its source; or a command.
    pub(crate) query: String,
    /// What it answers, a line each: a value, ids of traces, log lines.
    pub(crate) found: Vec<String>,
    /// Where to see it.
    pub(crate) links: Vec<String>,
}

/// Asks everything that this run has.
pub(crate) async fn collect(cli: &Cli, fault: Fault, began: SystemTime) -> Vec<Evidence> {
    let now = SystemTime::now();
    let asked = Asked {
        cli,
        fault,
        began,
        now,
    };
    let (metrics, alerts, traces, logs) = tokio::join!(
        asked.metrics(),
        asked.alerts(),
        asked.traces(),
        asked.logs()
    );
    let all = [metrics, alerts, traces, logs].into_iter();
    all.flatten().collect()
}

struct Asked<'a> {
    cli: &'a Cli,
    fault: Fault,
    began: SystemTime,
    now: SystemTime,
}

impl Asked<'_> {
    async fn metrics(&self) -> Option<Evidence> {
        let signal = self.fault.spec().signal;
        let query = signal.query;
        let (Some(base), Source::Prometheus) = (&self.cli.prometheus_url, signal.source) else {
            return (signal.source == Source::Prometheus).then(|| without_prometheus(query));
        };
        let found = match instant(base, query).await {
            Ok(series) => series
                .first()
                .map(|series| {
                    format!(
                        "{}: {:.3}; without the fault at most {}",
                        signal.look, series.value, signal.above
                    )
                })
                .unwrap_or_else(|| format!("{}: no data", signal.look)),
            Err(error) => error.to_string(),
        };
        Some(Evidence {
            signal: "metrics",
            query: query.to_owned(),
            found: vec![found],
            links: self.graph(query),
        })
    }

    /// The alerts that fire now.
    async fn alerts(&self) -> Option<Evidence> {
        let base = self.cli.prometheus_url.as_ref()?;
        let query = r#"ALERTS{alertstate="firing",alertname!="Watchdog"}"#;
        let series = instant(base, query).await.unwrap_or_default();
        let names = series
            .iter()
            .filter_map(|series| series.labels.get("alertname"));
        let mut found: Vec<String> = names.cloned().collect();
        found.sort();
        found.dedup();
        Some(Evidence {
            signal: "alerts",
            query: query.to_owned(),
            found,
            links: self.graph(query),
        })
    }

    async fn traces(&self) -> Option<Evidence> {
        let query = queries::traces(self.fault)?;
        let (start, end) = (seconds(self.began), seconds(self.now) + 1);
        let search = Search {
            query: &query,
            start,
            end,
            limit: SHOWN,
            spans: 1,
        };
        let tempo = Tempo::new(Reader::new(self.cli.tempo_url.clone(), TIMEOUT));
        let (found, links) = match tempo.search(&search).await {
            Ok(traces) => {
                let ids: Vec<String> = traces.into_iter().map(|trace| trace.trace_id).collect();
                let links = ids.iter().map(|id| self.trace(id)).collect();
                (ids, links)
            }
            Err(error) => (vec![error.to_string()], Vec::new()),
        };
        Some(Evidence {
            signal: "traces",
            query,
            found,
            links,
        })
    }

    async fn logs(&self) -> Option<Evidence> {
        let base = self.cli.loki_url.as_ref()?;
        let query = queries::logs(self.fault)?;
        let (start, end) = (nanoseconds(self.began), nanoseconds(self.now));
        let loki = Loki::new(Reader::new(base.clone(), TIMEOUT));
        let found = match loki.page(&query, start, end, SHOWN).await {
            Ok(streams) => {
                let lines = streams.into_iter().flat_map(|stream| stream.lines);
                let lines = lines.take(SHOWN);
                lines
                    .map(|line| line.text.chars().take(LINE).collect())
                    .collect()
            }
            Err(error) => vec![error.to_string()],
        };
        let ask = json!({ "editorMode": "code", "queryType": "range", "expr": query });
        Some(Evidence {
            signal: "logs",
            query,
            found,
            links: self.link("loki", &ask),
        })
    }

    fn trace(&self, id: &str) -> String {
        let query = json!({ "queryType": "traceql", "query": id });
        let link = self.link("tempo", &query).pop();
        link.unwrap_or_else(|| links::stored(&self.cli.tempo_url, id))
    }

    /// The link to a query of Prometheus.
    fn graph(&self, query: &str) -> Vec<String> {
        let ask = json!({ "editorMode": "code", "range": true, "expr": query });
        self.link("prometheus", &ask)
    }

    /// The link into Grafana, if there is one.
    fn link(&self, source: &str, query: &serde_json::Value) -> Vec<String> {
        let window = Window {
            from: (seconds(self.began) - BEFORE.as_secs()) * 1000,
            to: seconds(self.now) * 1000,
        };
        let link = |base| links::explore(base, source, query.clone(), window);
        self.cli
            .grafana_url
            .as_ref()
            .map(link)
            .into_iter()
            .collect()
    }
}

async fn instant(base: &Url, query: &str) -> Result<Vec<Instant>, AskError> {
    let prometheus = Prometheus::new(Reader::new(base.clone(), TIMEOUT));
    prometheus.instant(query).await
}

/// Without Prometheus, the metric itself can be read.
fn without_prometheus(query: &str) -> Evidence {
    let found = "this run has no Prometheus: read the metric at /metrics of the service twice";
    Evidence {
        signal: "metrics",
        query: query.to_owned(),
        found: vec![found.to_owned()],
        links: Vec::new(),
    }
}

fn nanoseconds(time: SystemTime) -> u64 {
    let nanoseconds = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(nanoseconds.as_nanos()).unwrap_or(u64::MAX)
}
