//! Is there an exemplar, newer than the roll, whose trace can be opened? That is the way from a
//! dot on a latency graph to a trace.

use serde::Deserialize;

use crate::ask::{endpoint, json, patiently, text};
use crate::examination::Doctor;
use crate::hops::{Roll, ready};
use crate::report::Trouble;

/// What Tempo makes of the spans of the service that was asked and writes to Prometheus.
fn query(service: &str) -> String {
    format!(r#"traces_spanmetrics_latency_bucket{{service="{service}"}}"#)
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Series>,
}

#[derive(Deserialize)]
struct Series {
    #[serde(default)]
    exemplars: Vec<Exemplar>,
}

#[derive(Deserialize)]
struct Exemplar {
    labels: Labels,
    timestamp: f64,
}

#[derive(Deserialize)]
struct Labels {
    trace_id: Option<String>,
}

pub(crate) async fn exemplar(doctor: &Doctor<'_>, roll: &Roll) -> Result<String, Trouble> {
    ready(doctor, "prometheus").await?;
    let trace_id = patiently(doctor.cli.patience, || newest(doctor, roll)).await?;
    if trace_id == roll.trace_id {
        return Ok("one of this very roll".to_owned());
    }
    let path = format!("/api/traces/{trace_id}");
    match text(&doctor.client, endpoint(&doctor.cli.tempo_url, &path, &[])).await {
        Ok(_) => Ok(format!("a newer one, and its trace {trace_id} opens")),
        Err(silence) => Err(Trouble {
            saw: format!("an exemplar of trace {trace_id}, and {silence}"),
            cause: "Tempo lost the trace, or belongs to another run than Prometheus".to_owned(),
            command: doctor.kind.look_at("tempo"),
        }),
    }
}

async fn newest(doctor: &Doctor<'_>, roll: &Roll) -> Result<String, Trouble> {
    let start = roll.began.to_string();
    let end = (roll.began + 600).to_string();
    let buckets = query(roll.asked);
    let query = [
        ("query", buckets.as_str()),
        ("start", &start),
        ("end", &end),
    ];
    let url = endpoint(
        &doctor.cli.prometheus_url,
        "/api/v1/query_exemplars",
        &query,
    );
    let answer: Answer = json(&doctor.client, url)
        .await
        .map_err(|silence| doctor.kind.silent("prometheus", &silence))?;
    let exemplars = answer.data.into_iter().flat_map(|series| series.exemplars);
    let mut dated: Vec<(f64, String)> = exemplars
        .filter_map(|exemplar| Some((exemplar.timestamp, exemplar.labels.trace_id?)))
        .collect();
    dated.sort_by(|a, b| a.0.total_cmp(&b.0));
    let own = dated.iter().position(|(_, id)| *id == roll.trace_id);
    let best = own.or(dated.len().checked_sub(1));
    best.map(|index| dated.swap_remove(index).1).ok_or_else(|| Trouble {
        saw: format!("no exemplar of {buckets}"),
        cause: "Tempo does not write to Prometheus, or Prometheus runs without --enable-feature=exemplar-storage"
            .to_owned(),
        command: doctor.kind.look_at("tempo prometheus"),
    })
}
