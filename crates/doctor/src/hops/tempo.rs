//! Is the roll's trace in Tempo, with spans of all three services?

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::ask::{Silence, endpoint, json, patiently};
use crate::examination::Doctor;
use crate::hops::{Roll, alloy_ready, missing, ready};
use crate::report::Trouble;

#[derive(Deserialize)]
struct Trace {
    #[serde(default, alias = "resourceSpans")]
    batches: Vec<Batch>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    resource: Resource,
    #[serde(default)]
    scope_spans: Vec<Scope>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
struct Attribute {
    key: String,
    #[serde(default)]
    value: serde_json::Value,
}

#[derive(Deserialize)]
struct Scope {
    #[serde(default)]
    spans: Vec<serde_json::Value>,
}

impl Batch {
    fn service(&self) -> &str {
        let mut attributes = self.resource.attributes.iter();
        let name = attributes.find(|attribute| attribute.key == "service.name");
        let name = name.and_then(|name| name.value["stringValue"].as_str());
        name.unwrap_or("nameless")
    }
}

pub(crate) async fn traced(doctor: &Doctor<'_>, roll: &Roll) -> Result<String, Trouble> {
    ready(doctor, "tempo").await?;
    let seen = patiently(doctor.cli.patience, || look(doctor, roll)).await;
    match seen {
        Ok(saw) => Ok(saw),
        Err(Sight::Silence(silence)) => Err(doctor.kind.silent("tempo", &silence)),
        Err(Sight::Incomplete(services)) => Err(incomplete(doctor, &services).await),
    }
}

/// What is there in place of a whole trace.
enum Sight {
    Silence(Silence),
    /// Spans by service; empty when Tempo has none.
    Incomplete(BTreeMap<String, usize>),
}

async fn look(doctor: &Doctor<'_>, roll: &Roll) -> Result<String, Sight> {
    let path = format!("/api/traces/{}", roll.trace_id);
    let url = endpoint(&doctor.cli.tempo_url, &path, &[]);
    let trace: Trace = match json(&doctor.client, url).await {
        Ok(trace) => trace,
        Err(Silence::Status { status: 404, .. }) => return Err(Sight::Incomplete(BTreeMap::new())),
        Err(silence) => return Err(Sight::Silence(silence)),
    };
    let mut services: BTreeMap<String, usize> = BTreeMap::new();
    for batch in &trace.batches {
        let spans = batch.scope_spans.iter().map(|scope| scope.spans.len());
        *services.entry(batch.service().to_owned()).or_default() += spans.sum::<usize>();
    }
    if missing(services.keys().map(String::as_str)).is_empty() {
        return Ok(list(&services));
    }
    Err(Sight::Incomplete(services))
}

fn list(services: &BTreeMap<String, usize>) -> String {
    let spans: usize = services.values().sum();
    let each = services
        .iter()
        .map(|(name, spans)| format!("{name} {spans}"));
    format!("{spans} spans: {}", each.collect::<Vec<_>>().join(", "))
}

async fn incomplete(doctor: &Doctor<'_>, services: &BTreeMap<String, usize>) -> Trouble {
    let absent = missing(services.keys().map(String::as_str));
    if !services.is_empty() {
        return Trouble {
            saw: format!("{}; none of {}", list(services), absent.join(", ")),
            cause: format!(
                "{} exports no spans or lost the trace context",
                absent.join(", ")
            ),
            command: doctor.kind.look_at(absent[0]),
        };
    }
    let saw = "Tempo does not know the trace".to_owned();
    if let Err(trouble) = alloy_ready(doctor, &saw).await {
        return trouble;
    }
    Trouble {
        saw,
        cause: "the services export to another place (OTEL_EXPORTER_OTLP_ENDPOINT), or Alloy cannot hand on"
            .to_owned(),
        command: doctor.kind.look_at("alloy"),
    }
}
