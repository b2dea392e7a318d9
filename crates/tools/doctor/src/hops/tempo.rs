//! Is the whole trace of the roll in Tempo: with all spans of each service, each below its parent,
//! including the query of a database?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use signals::AskError;
use signals::tempo::Trace;
use stages::Component;

use crate::ask::patiently;
use crate::examination::Doctor;
use crate::hops::{Backend, Roll, alloy_ready, missing};
use crate::report::Finding;

/// The query of die-service, in the stages with PostgreSQL.
const QUERY: &str = "SELECT dice";

/// The spans; none if the trace was not kept, which is possible with sampling.
pub(crate) async fn traced(doctor: &Doctor<'_>, roll: &Roll) -> Result<Option<String>, Finding> {
    Backend::Tempo.ready(doctor).await?;
    let seen = patiently(doctor.cli.patience, || look(doctor, roll)).await;
    match seen {
        Ok(saw) => Ok(Some(saw)),
        Err(Seen::NoAnswer(error)) => Err(doctor.kind.no_answer("tempo", &error)),
        Err(Seen::Incomplete(spans)) if spans.by_service.is_empty() && doctor.cli.is_sampled() => {
            Ok(None)
        }
        Err(Seen::Incomplete(spans)) => Err(incomplete(doctor, &spans).await),
    }
}

/// What was found if the trace is incomplete.
enum Seen {
    NoAnswer(AskError),
    Incomplete(Spans),
}

/// The spans, without duplicates.
#[derive(Default)]
struct Spans {
    by_service: BTreeMap<String, usize>,
    /// The spans of die-service's database.
    queries: usize,
    /// The spans whose parent is missing, including the root: it has none, or a caller outside.
    tops: usize,
    /// Number of duplicates: exporters repeat a batch whose answer they did not receive.
    repeated: usize,
    /// The number of spans of a roll, by service.
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
        for span in &trace.spans {
            if !ids.insert(span.id.as_str()) {
                found.repeated += 1;
                continue;
            }
            let service = span.service.to_string();
            *found.by_service.entry(service).or_default() += 1;
            found.queries += usize::from(span.name == QUERY);
            parents.push(span.parent.as_deref());
        }
        let tops = parents.iter();
        let tops = tops.filter(|parent| parent.is_none_or(|parent| !ids.contains(parent)));
        found.tops = tops.count();
        found
    }

    /// Whether no more spans are expected.
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
            true => write!(f, "{all} spans instead of {expected}")?,
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

/// The number of spans of a roll in each service of the stage: the SERVER span of each, the CLIENT
/// span of each call, dice-roller's look-up and its roll, and the query.
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

async fn look(doctor: &Doctor<'_>, roll: &Roll) -> Result<String, Seen> {
    let trace = doctor.tempo().trace(&roll.trace_id).await;
    let trace = trace.map_err(Seen::NoAnswer)?.unwrap_or_default();
    let spans = Spans::of(&trace, expected(doctor));
    let queried = spans.queries > 0 || !doctor.cli.stage.runs(Component::Postgres);
    if queried && spans.are_all() {
        return Ok(spans.to_string());
    }
    Err(Seen::Incomplete(spans))
}

async fn incomplete(doctor: &Doctor<'_>, spans: &Spans) -> Finding {
    let absent = spans.missing(doctor);
    if spans.by_service.is_empty() {
        return unknown(doctor).await;
    }
    let is_queried = spans.queries > 0 || !doctor.cli.stage.runs(Component::Postgres);
    let Some(first) = absent.first() else {
        if is_queried {
            return unsettled(doctor, spans);
        }
        return Finding {
            saw: format!("{spans}, but no {QUERY}"),
            cause: "die-service has no database (DATABASE_URL)".to_owned(),
            command: doctor.kind.look_at("die-service postgres"),
        };
    };
    Finding {
        saw: format!("{spans}; none of {}", absent.join(", ")),
        cause: format!(
            "{} exports no spans or lost the trace context",
            absent.join(", ")
        ),
        command: doctor.kind.look_at(first),
    }
}

/// All services have spans, but some spans are missing.
fn unsettled(doctor: &Doctor<'_>, spans: &Spans) -> Finding {
    let tops = match spans.tops {
        0 | 1 => String::new(),
        many => format!("; {} have no parent in the trace", many - 1),
    };
    let mut services = doctor.cli.service_names().into_iter();
    let first =
        services.find(|service| spans.by_service.get(*service) < spans.expected.get(service));
    let first = first.unwrap_or("dice-roller");
    Finding {
        saw: format!("{spans}{tops}"),
        cause: format!(
            "spans were lost: telemetry_spans_total at /metrics of {first} counts those that failed or were dropped"
        ),
        command: doctor.kind.look_at(first),
    }
}

async fn unknown(doctor: &Doctor<'_>) -> Finding {
    let saw = "the trace is not in Tempo".to_owned();
    if let Err(finding) = alloy_ready(doctor, &saw).await {
        return finding;
    }
    Finding {
        saw,
        cause: "the services export to another endpoint (OTEL_EXPORTER_OTLP_ENDPOINT), or Alloy cannot forward"
            .to_owned(),
        command: doctor.kind.look_at("alloy"),
    }
}
