//! Is the roll's trace in Tempo, with spans of all services, the query of a database among them?

use std::collections::BTreeMap;
use std::fmt;

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
    spans: Vec<Span>,
}

#[derive(Deserialize)]
struct Span {
    #[serde(default)]
    name: String,
}

/// How die-service asks PostgreSQL, in the stages that have it.
const QUERY: &str = "SELECT dice";

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
        Err(Sight::Incomplete(spans)) => Err(incomplete(doctor, &spans).await),
    }
}

/// What is there in place of a whole trace.
enum Sight {
    Silence(Silence),
    Incomplete(Spans),
}

/// Those that are there.
#[derive(Default)]
struct Spans {
    by_service: BTreeMap<String, usize>,
    /// Those of die-service's database.
    queries: usize,
}

impl Spans {
    fn of(trace: &Trace) -> Self {
        let mut found = Self::default();
        for batch in &trace.batches {
            let spans = || batch.scope_spans.iter().flat_map(|scope| &scope.spans);
            *found
                .by_service
                .entry(batch.service().to_owned())
                .or_default() += spans().count();
            found.queries += spans().filter(|span| span.name == QUERY).count();
        }
        found
    }

    fn missing(&self, doctor: &Doctor<'_>) -> Vec<&'static str> {
        missing(doctor.cli, self.by_service.keys().map(String::as_str))
    }
}

impl fmt::Display for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.by_service.iter();
        let each = each.map(|(name, spans)| format!("{name} {spans}"));
        let all: usize = self.by_service.values().sum();
        write!(f, "{all} spans: {}", each.collect::<Vec<_>>().join(", "))?;
        match self.queries {
            0 => Ok(()),
            _ => write!(f, ", among them {QUERY}"),
        }
    }
}

async fn look(doctor: &Doctor<'_>, roll: &Roll) -> Result<String, Sight> {
    let path = format!("/api/traces/{}", roll.trace_id);
    let url = endpoint(&doctor.cli.tempo_url, &path, &[]);
    let spans = match json(&doctor.client, url).await {
        Ok(trace) => Spans::of(&trace),
        Err(Silence::Status { status: 404, .. }) => Spans::default(),
        Err(silence) => return Err(Sight::Silence(silence)),
    };
    let queried = spans.queries > 0 || !doctor.cli.topology().database;
    if queried && spans.missing(doctor).is_empty() {
        return Ok(spans.to_string());
    }
    Err(Sight::Incomplete(spans))
}

async fn incomplete(doctor: &Doctor<'_>, spans: &Spans) -> Trouble {
    let absent = spans.missing(doctor);
    if spans.by_service.is_empty() {
        return unknown(doctor).await;
    }
    let Some(first) = absent.first() else {
        return Trouble {
            saw: format!("{spans}, but no {QUERY}"),
            cause: "die-service has no database (DATABASE_URL)".to_owned(),
            command: doctor.kind.look_at("die-service postgres"),
        };
    };
    Trouble {
        saw: format!("{spans}; none of {}", absent.join(", ")),
        cause: format!(
            "{} exports no spans or lost the trace context",
            absent.join(", ")
        ),
        command: doctor.kind.look_at(first),
    }
}

async fn unknown(doctor: &Doctor<'_>) -> Trouble {
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
