//! Is anything lost? Each service counts what it cannot send, write or answer; a panel or a trace
//! with gaps does not show the reason.

use std::collections::BTreeMap;

use signals::exposition::Exposition;

use crate::examination::Doctor;
use crate::report::Finding;

/// A counter of losses, the label with the outcome, and the outcomes that are not losses.
struct Counter {
    name: &'static str,
    label: Option<&'static str>,
    fine: &'static [&'static str],
    what: &'static str,
}

const COUNTERS: [Counter; 5] = [
    Counter {
        name: "telemetry_spans_total",
        label: Some("outcome"),
        fine: &["exported"],
        what: "spans",
    },
    Counter {
        name: "telemetry_log_lines_dropped_total",
        label: Some("reason"),
        fine: &[],
        what: "log lines",
    },
    Counter {
        name: "http_requests_rejected_total",
        label: Some("reason"),
        fine: &[],
        what: "requests rejected",
    },
    Counter {
        name: "process_panics_total",
        label: None,
        fine: &[],
        what: "panics",
    },
    Counter {
        name: "http_accept_errors_total",
        label: None,
        fine: &[],
        what: "connections not accepted",
    },
];

/// The losses of each service since it started, keyed as in `frontend: spans failed`.
pub(crate) type Losses = BTreeMap<String, f64>;

/// Reads the services' own `/metrics`. A service that does not answer fails another hop.
pub(crate) async fn losses(doctor: &Doctor<'_>) -> Losses {
    let mut services = doctor.cli.services();
    services.extend(doctor.cli.usage_sink().map(|url| ("usage-sink", url)));
    let mut losses = Losses::new();
    for (service, base) in &services {
        if let Ok(metrics) = Exposition::scrape(&doctor.reader(base.clone())).await {
            add(&mut losses, service, &metrics);
        }
    }
    losses
}

fn add(losses: &mut Losses, service: &str, metrics: &Exposition) {
    for counter in &COUNTERS {
        for sample in metrics.select(counter.name, &[]) {
            let how = counter.label.and_then(|label| sample.labels.get(label));
            let how = how.map_or("", String::as_str);
            if sample.value > 0.0 && !counter.fine.contains(&how) {
                let what = format!("{service}: {} {how}", counter.what);
                *losses.entry(what.trim_end().to_owned()).or_default() += sample.value;
            }
        }
    }
}

/// Whether nothing was lost since `before`.
pub(crate) async fn nothing_lost(doctor: &Doctor<'_>, before: Losses) -> Result<String, Finding> {
    let now = losses(doctor).await;
    let grown = now.iter().filter_map(|(what, count)| {
        let grown = count - before.get(what).unwrap_or(&0.0);
        (grown > 0.0).then(|| format!("{what} {grown}"))
    });
    let grown: Vec<String> = grown.collect();
    if grown.is_empty() {
        let earlier = now.iter().map(|(what, count)| format!("{what} {count}"));
        let earlier: Vec<String> = earlier.collect();
        return Ok(match earlier.is_empty() {
            true => "no span, line, request or panic since the services started".to_owned(),
            false => format!("nothing now; earlier {}", earlier.join(", ")),
        });
    }
    let first = grown[0].split(':').next().unwrap_or_default();
    Err(Finding {
        saw: grown.join(", "),
        cause:
            "the collector is down or slow, standard output cannot be written, or there is more \
            traffic than the limits allow"
                .to_owned(),
        command: doctor.kind.look_at(first),
    })
}
