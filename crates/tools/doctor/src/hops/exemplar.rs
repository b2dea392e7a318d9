//! Is there an exemplar, newer than the roll, whose trace can be opened? It is the link from a dot
//! on a latency graph to a trace.

use crate::ask::patiently;
use crate::examination::Doctor;
use crate::hops::{Backend, Roll};
use crate::report::Finding;

/// The metric that Tempo generates from the spans of the entry service and writes to Prometheus.
fn query(service: &str) -> String {
    format!(r#"traces_spanmetrics_latency_bucket{{service="{service}"}}"#)
}

pub(crate) async fn exemplar(doctor: &Doctor<'_>, roll: &Roll) -> Result<String, Finding> {
    Backend::Prometheus.ready(doctor).await?;
    let trace_id = patiently(doctor.cli.patience, || newest(doctor, roll)).await?;
    if trace_id == roll.trace_id {
        return Ok("an exemplar of this roll".to_owned());
    }
    let problem = match doctor.tempo().trace(&trace_id).await {
        Ok(Some(_)) => return Ok(format!("a newer exemplar, and its trace {trace_id} opens")),
        Ok(None) => "the trace is not in Tempo".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(Finding {
        saw: format!("an exemplar of trace {trace_id}, and {problem}"),
        cause: "Tempo lost the trace, or Tempo and Prometheus belong to different runs".to_owned(),
        command: doctor.kind.look_at("tempo"),
    })
}

async fn newest(doctor: &Doctor<'_>, roll: &Roll) -> Result<String, Finding> {
    let buckets = query(roll.asked);
    let prometheus = doctor.prometheus();
    let found = prometheus.exemplars(&buckets, roll.began, roll.began + 600);
    let exemplars = found
        .await
        .map_err(|error| doctor.kind.no_answer("prometheus", &error))?;
    let traced = exemplars.into_iter().filter_map(|mut exemplar| {
        let trace_id = exemplar.labels.remove("trace_id")?;
        Some((exemplar.timestamp, trace_id))
    });
    let mut dated: Vec<(f64, String)> = traced.collect();
    dated.sort_by(|a, b| a.0.total_cmp(&b.0));
    let own = dated.iter().position(|(_, id)| *id == roll.trace_id);
    let best = own.or(dated.len().checked_sub(1));
    best.map(|index| dated.swap_remove(index).1).ok_or_else(|| Finding {
        saw: format!("no exemplar of {buckets}"),
        cause: "Tempo does not write to Prometheus, or Prometheus runs without --enable-feature=exemplar-storage"
            .to_owned(),
        command: doctor.kind.look_at("tempo prometheus"),
    })
}
