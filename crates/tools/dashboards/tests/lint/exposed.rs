//! The series that Prometheus can have: those that services expose just after their start, and
//! those of other exporters.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use promql_parser::parser::VectorSelector;
use signals::exposition::Exposition;
use slo::Clock;
use slo::rules::Group;

type Labels = BTreeMap<String, String>;

/// The label that holds a metric's name.
const NAME: &str = "__name__";

/// Metrics of spans, their counts and durations, and the label that names the service: Tempo's, and those
/// that Alloy makes before it samples.
const OF_SPANS: [[&str; 3]; 2] = [
    [
        "traces_spanmetrics_calls_total",
        "traces_spanmetrics_latency",
        "service",
    ],
    [
        "spans_before_sampling_calls_total",
        "spans_before_sampling_duration_seconds",
        "service_name",
    ],
];

/// Kinds of spans, each with the name of one.
const KINDS_OF_SPANS: [(&str, &str); 3] = [
    ("SPAN_KIND_SERVER", "GET /roll"),
    ("SPAN_KIND_CLIENT", "GET"),
    ("SPAN_KIND_INTERNAL", "roll"),
];

/// What Prometheus adds to each scrape, besides `up`.
const OF_SCRAPES: [&str; 3] = [
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
    "scrape_body_size_bytes",
];

/// Series by metric name, and the names of counters.
#[derive(Debug, Default)]
pub(crate) struct Exposed {
    series: BTreeMap<String, Vec<Labels>>,
    counters: BTreeSet<String>,
    /// The results of [`label_names`](Self::label_names), because the tests of the linter ask for the
    /// same selectors again and again.
    label_names: RefCell<HashMap<String, BTreeSet<String>>>,
}

impl Exposed {
    /// Adds a target's answer to a scrape with the labels of the target, and its `up`.
    pub(crate) fn scrape(&mut self, target: &[(&str, &str)], metrics: &str) {
        let target = labels(target);
        for name in ["up"].iter().chain(&OF_SCRAPES) {
            self.add(name, target.clone());
        }
        let kinds = metrics
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "));
        self.counters.extend(kinds.flat_map(counters));
        let scrape: Exposition = metrics.parse().expect("the text format");
        for sample in scrape.samples() {
            let mut own = sample.labels.clone();
            own.extend(target.clone());
            self.add(&sample.name, own);
        }
    }

    /// Whether a metric is a counter.
    pub(crate) fn is_counter(&self, name: &str) -> bool {
        self.counters.contains(name)
    }

    /// Adds the series that Tempo and Alloy derive from spans: they arrive by remote write and are on no
    /// `/metrics`.
    pub(crate) fn spans(&mut self, service: &str) {
        for [calls, durations, label] in OF_SPANS {
            self.counters.insert(calls.to_owned());
            self.counters
                .extend(counters(&format!("{durations} histogram")));
            for (kind, name) in KINDS_OF_SPANS {
                let own = [
                    (label, service),
                    ("span_kind", kind),
                    ("span_name", name),
                    ("status_code", "STATUS_CODE_ERROR"),
                ];
                self.add(calls, labels(&own));
                self.add(&format!("{durations}_count"), labels(&own));
                for le in ["1.1", "+Inf"] {
                    let bucket = [&own[..], &[("le", le)]].concat();
                    self.add(&format!("{durations}_bucket"), labels(&bucket));
                }
            }
        }
    }

    /// Adds the series that rules record, and `ALERTS`.
    pub(crate) fn recorded(&mut self) {
        let groups = slo::rules::groups(Clock::Day, &slo::slos()).expect("alerts that can fire");
        for record in groups.iter().flat_map(Group::records) {
            let own = record.labels.iter().map(|(name, value)| (*name, &**value));
            self.add(record.name, labels(&own.collect::<Vec<_>>()));
        }
        for alert in groups.iter().flat_map(Group::alerts) {
            let severity = alert.severity.to_string();
            let mut own = labels(&[
                ("alertname", alert.name),
                ("alertstate", "firing"),
                ("severity", &severity),
            ]);
            own.extend(alert.slo.map(|slo| ("slo".to_owned(), slo.to_owned())));
            self.add("ALERTS", own);
        }
    }

    fn add(&mut self, name: &str, mut labels: Labels) {
        labels.insert(NAME.to_owned(), name.to_owned());
        self.series.entry(name.to_owned()).or_default().push(labels);
    }

    /// The series that `selector` selects.
    pub(crate) fn select(&self, selector: &VectorSelector) -> Vec<&Labels> {
        let matches = |labels: &&Labels| {
            let mut matchers = selector.matchers.matchers.iter();
            matchers.all(|matcher| {
                matcher.is_match(labels.get(&matcher.name).map_or("", String::as_str))
            })
        };
        match &selector.name {
            Some(name) => {
                let series = self.series.get(name).into_iter().flatten();
                series.filter(matches).collect()
            }
            None => self.series.values().flatten().filter(matches).collect(),
        }
    }

    /// The label names of the series that `selector` selects; none if there are no series, each of
    /// which has the labels of its target.
    pub(crate) fn label_names(&self, selector: &VectorSelector) -> BTreeSet<String> {
        let find = || {
            let series = self.select(selector).into_iter();
            series.flat_map(|labels| labels.keys().cloned()).collect()
        };
        let mut known = self.label_names.borrow_mut();
        let names = known.entry(selector.to_string()).or_insert_with(find);
        names.clone()
    }
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

/// The counters that a metric consists of; `kind` is its name and type, separated by a space.
fn counters(kind: &str) -> Vec<String> {
    match kind.split_once(' ') {
        Some((name, "counter")) => vec![name.to_owned()],
        Some((name, "summary")) => ["count", "sum"]
            .map(|part| format!("{name}_{part}"))
            .to_vec(),
        Some((name, "histogram")) => ["bucket", "count", "sum"]
            .map(|part| format!("{name}_{part}"))
            .to_vec(),
        _ => Vec::new(),
    }
}
