//! Does Alloy forward what it receives? While Tempo, Loki or usage-sink is down, Alloy buffers and
//! retries, its components stay healthy, and it logs nothing. Only its metrics show it.

use std::collections::BTreeMap;

use base_url::endpoint;
use signals::exposition::Exposition;

use crate::ask::patiently;
use crate::examination::Doctor;
use crate::report::Finding;

/// Retried batches of lines.
const RETRIES: &str = "loki_write_batch_retries_total";

/// Batches of spans waiting to be sent.
const QUEUE: &str = "otelcol_exporter_queue_size";

/// Waiting or retried batches, by component.
pub(crate) struct Backlog {
    retries: BTreeMap<String, f64>,
    queued: BTreeMap<String, f64>,
}

/// Reads Alloy's own /metrics.
pub(crate) async fn backlog(doctor: &Doctor<'_>) -> Result<Backlog, Finding> {
    let metrics = doctor.metrics("alloy", &doctor.cli.alloy_url).await?;
    Ok(Backlog {
        retries: by_component(&metrics, RETRIES),
        queued: by_component(&metrics, QUEUE),
    })
}

/// Whether nothing was retried since `before`, and no batch waits for long.
pub(crate) async fn handed_on(
    doctor: &Doctor<'_>,
    before: Result<Backlog, Finding>,
) -> Result<String, Finding> {
    let before = before?;
    patiently(doctor.cli.patience, || look(doctor, &before)).await
}

async fn look(doctor: &Doctor<'_>, before: &Backlog) -> Result<String, Finding> {
    let now = backlog(doctor).await?;
    let mut found = Vec::new();
    for (component, retries) in &now.retries {
        let grown = retries - before.retries.get(component).unwrap_or(&0.0);
        if grown > 0.0 {
            found.push(format!("{component} sent {grown} batches again"));
        }
    }
    let waiting = now.queued.iter().filter(|(_, queued)| **queued > 0.0);
    found
        .extend(waiting.map(|(component, queued)| format!("{queued} batches wait in {component}")));
    if found.is_empty() {
        let ever: f64 = now.retries.values().sum();
        return Ok(format!(
            "no queue and no retries now; {ever} since it started"
        ));
    }
    let metrics = endpoint(&doctor.cli.alloy_url, "/metrics", &[]);
    Err(Finding {
        saw: found.join(", "),
        cause: "Tempo, Loki or usage-sink is down or rejects data; Alloy buffers and retries"
            .to_owned(),
        command: format!(
            "curl -s {metrics} | grep -E '^({RETRIES}|{QUEUE})'; {}",
            doctor.kind.look_at("tempo loki")
        ),
    })
}

/// The sums of the series of `name`, by their label `component_id`.
fn by_component(metrics: &Exposition, name: &str) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for sample in metrics.select(name, &[]) {
        let component = sample.labels.get("component_id");
        let component = component.map_or("Alloy", String::as_str);
        *sums.entry(component.to_owned()).or_default() += sample.value;
    }
    sums
}
