//! `/metrics` in Prometheus' text format: what is stored, and what was dropped or rejected.

use std::fmt::{self, Write};

use crate::{Bounds, Call, Counters, Rejection, Store};

/// The statuses of rejected requests.
const REFUSALS: [u16; 5] = [400, 408, 413, 415, 503];

/// Renders a store's counters.
pub(crate) fn render(store: &Store) -> String {
    let counters = store.counters();
    let mut text = Exposition::default();
    for (name, help, value) in gauges(&counters, store.bounds()) {
        text.head(name, "gauge", help);
        text.sample(name, "", value);
    }
    for (name, help, value) in totals(&counters) {
        text.head(name, "counter", help);
        text.sample(name, "", value);
    }
    let name = "mini_tempo_spans_rejected_total";
    let help = "Spans rejected and reported to their sender, by reason";
    text.head(name, "counter", help);
    for reason in Rejection::ALL {
        let labels = format!("{{reason=\"{}\"}}", reason.as_str());
        text.sample(name, &labels, counters.rejections.count(reason));
    }
    let name = "mini_tempo_requests_refused_total";
    text.head(
        name,
        "counter",
        "Requests rejected as a whole, by HTTP status",
    );
    for status in REFUSALS {
        let labels = format!("{{status=\"{status}\"}}");
        let refused = counters.requests_refused.get(&status);
        text.sample(name, &labels, refused.copied().unwrap_or_default());
    }
    calls(&mut text, &counters);
    text.0
}

/// Spans as metrics count them that are made of spans, before and after tail sampling.
fn calls(text: &mut Exposition, counters: &Counters) {
    let name = "mini_tempo_calls_total";
    let help = "Spans by service, kind and status, as metrics made of spans count them before and after \
                tail sampling; without it, both are the same";
    text.head(name, "counter", help);
    for (call, count) in &counters.calls.0 {
        let dropped = counters.calls_sampled_out.0.get(call).copied();
        let kept = count - dropped.unwrap_or_default();
        for (sampling, count) in [("before", *count), ("after", kept)] {
            let service = escaped(&call.service);
            let Call { kind, status, .. } = call;
            let labels = format!(
                r#"{{service="{service}",span_kind="{kind}",status_code="{status}",sampling="{sampling}"}}"#
            );
            text.sample(name, &labels, count);
        }
    }
}

/// Renders what Tempo's usage tracker exposes with the dimension `resource.service.name: service`.
pub(crate) fn usage(store: &Store) -> String {
    let name = "tempo_usage_tracker_bytes_received_total";
    let mut text = Exposition::default();
    text.head(
        name,
        "counter",
        "bytes total received with these attributes",
    );
    for (service, bytes) in store.counters().bytes_by_service {
        let service = match service.as_str() {
            "" => "__missing__".to_owned(),
            name => escaped(name),
        };
        let labels =
            format!(r#"{{service="{service}",tenant="single-tenant",tracker="cost-attribution"}}"#);
        text.sample(name, &labels, bytes);
    }
    text.0
}

/// A label's value in the text format.
fn escaped(value: &str) -> String {
    let value = value.replace('\\', r"\\").replace('"', r#"\""#);
    value.replace('\n', r"\n")
}

/// A metric without labels: its name, help text and value.
type Metric = (&'static str, &'static str, u64);

fn gauges(counters: &Counters, bounds: Bounds) -> [Metric; 6] {
    [
        (
            "mini_tempo_traces_stored",
            "Traces kept in memory",
            counters.traces_stored,
        ),
        (
            "mini_tempo_spans_stored",
            "Spans kept in memory",
            counters.spans_stored,
        ),
        (
            "mini_tempo_stored_bytes",
            "Memory of the stored spans in bytes",
            counters.bytes_stored,
        ),
        (
            "mini_tempo_traces_undecided",
            "Traces on which tail sampling has not decided",
            counters.traces_undecided,
        ),
        (
            "mini_tempo_max_spans",
            "Maximum of mini_tempo_spans_stored",
            bounds.spans as u64,
        ),
        (
            "mini_tempo_max_bytes",
            "Maximum of mini_tempo_stored_bytes",
            bounds.bytes as u64,
        ),
    ]
}

fn totals(counters: &Counters) -> [Metric; 7] {
    [
        (
            "mini_tempo_spans_received_total",
            "Spans that arrived in valid requests",
            counters.spans_received,
        ),
        (
            "mini_tempo_spans_received_twice_total",
            "Spans that arrived again and are stored once, whereas Tempo stores, returns and counts each of them",
            counters.spans_duplicate,
        ),
        (
            "mini_tempo_spans_evicted_total",
            "Spans dropped with their trace to make room for newer spans",
            counters.spans_evicted,
        ),
        (
            "mini_tempo_traces_evicted_total",
            "Traces dropped to make room for newer spans",
            counters.traces_evicted,
        ),
        (
            "mini_tempo_spans_sampled_out_total",
            "Spans dropped with their trace by tail sampling",
            counters.spans_sampled_out,
        ),
        (
            "mini_tempo_traces_sampled_out_total",
            "Traces dropped by tail sampling",
            counters.traces_sampled_out,
        ),
        (
            "mini_tempo_values_cut_total",
            "Texts truncated because of their length, and values omitted because of their depth",
            counters.values_cut,
        ),
    ]
}

#[derive(Default)]
struct Exposition(String);

impl Exposition {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn sample(&mut self, name: &str, labels: &str, value: u64) {
        self.line(format_args!("{name}{labels} {value}"));
    }

    fn line(&mut self, line: fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("writing to a String cannot fail");
    }
}
