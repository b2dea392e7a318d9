//! Is the roll's whole trace in Tempo: as many spans of each service as a roll has, each below
//! another, the query of a database among them?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use stages::Component;

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

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Span {
    name: String,
    span_id: String,
    parent_span_id: String,
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

/// Those that are there, each once.
#[derive(Default)]
struct Spans {
    by_service: BTreeMap<String, usize>,
    /// Those of die-service's database.
    queries: usize,
    /// Those whose parent is not there. The trace's root is one: it has none, or a caller outside.
    tops: usize,
    /// How many came again: exporters repeat a batch whose answer they did not get.
    repeated: usize,
    /// How many a roll has, by service.
    expected: BTreeMap<&'static str, usize>,
}

impl Spans {
    fn of(trace: &Trace, expected: BTreeMap<&'static str, usize>) -> Self {
        let mut found = Self {
            expected,
            ..Self::default()
        };
        let mut ids = BTreeSet::new();
        let mut parents = Vec::new();
        for batch in &trace.batches {
            let in_service = found.by_service.entry(batch.service().to_owned());
            let in_service = in_service.or_default();
            for span in batch.scope_spans.iter().flat_map(|scope| &scope.spans) {
                if !ids.insert(span.span_id.as_str()) {
                    found.repeated += 1;
                    continue;
                }
                *in_service += 1;
                found.queries += usize::from(span.name == QUERY);
                parents.push(span.parent_span_id.as_str());
            }
        }
        let tops = parents.iter().filter(|parent| !ids.contains(*parent));
        found.tops = tops.count();
        found
    }

    /// Whether nothing is on its way any more.
    fn are_all(&self) -> bool {
        let mut expected = self.expected.iter();
        let all = expected.all(|(service, spans)| self.by_service.get(*service) >= Some(spans));
        all && self.tops == 1
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
        let expected: usize = self.expected.values().sum();
        match all > expected {
            true => write!(f, "{all} spans where a roll has {expected}")?,
            false => write!(f, "{all} of {expected} spans")?,
        }
        write!(f, ": {}", each.collect::<Vec<_>>().join(", "))?;
        if self.queries > 0 {
            write!(f, ", among them {QUERY}")?;
        }
        if self.repeated > 0 {
            write!(f, "; {} spans received twice", self.repeated)?;
        }
        Ok(())
    }
}

/// How many spans a roll has in each service of the stage: the SERVER span of each, the CLIENT span of
/// each call, dice-roller's look-up and its roll, and the query.
fn expected(doctor: &Doctor<'_>) -> BTreeMap<&'static str, usize> {
    let stage = doctor.cli.stage;
    let services = doctor.cli.service_names().into_iter();
    let expected = services.map(|service| {
        let spans = match service {
            "frontend" => 2,
            "dice-roller" if stage.runs(Component::DieService) => 4,
            "dice-roller" => 2,
            _ => 1 + usize::from(stage.runs(Component::Postgres)),
        };
        (service, spans)
    });
    expected.collect()
}

async fn look(doctor: &Doctor<'_>, roll: &Roll) -> Result<String, Sight> {
    let path = format!("/api/traces/{}", roll.trace_id);
    let url = endpoint(&doctor.cli.tempo_url, &path, &[]);
    let spans = match json(&doctor.client, url).await {
        Ok(trace) => Spans::of(&trace, expected(doctor)),
        Err(Silence::Status { status: 404, .. }) => Spans::default(),
        Err(silence) => return Err(Sight::Silence(silence)),
    };
    let queried = spans.queries > 0 || !doctor.cli.stage.runs(Component::Postgres);
    if queried && spans.are_all() {
        return Ok(spans.to_string());
    }
    Err(Sight::Incomplete(spans))
}

async fn incomplete(doctor: &Doctor<'_>, spans: &Spans) -> Trouble {
    let absent = spans.missing(doctor);
    if spans.by_service.is_empty() {
        return unknown(doctor).await;
    }
    let is_queried = spans.queries > 0 || !doctor.cli.stage.runs(Component::Postgres);
    let Some(first) = absent.first() else {
        if is_queried {
            return unsettled(doctor, spans);
        }
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

/// Spans of all services, but not all of them.
fn unsettled(doctor: &Doctor<'_>, spans: &Spans) -> Trouble {
    let tops = match spans.tops {
        0 | 1 => String::new(),
        many => format!("; {} have no parent in the trace", many - 1),
    };
    let mut services = doctor.cli.service_names().into_iter();
    let first =
        services.find(|service| spans.by_service.get(*service) < spans.expected.get(service));
    let first = first.unwrap_or("dice-roller");
    Trouble {
        saw: format!("{spans}{tops}"),
        cause: format!(
            "spans were lost: telemetry_spans_total at /metrics of {first} says how many failed or were dropped"
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
