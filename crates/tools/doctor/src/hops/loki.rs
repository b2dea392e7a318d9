//! Are the roll's log lines in Loki, found by its trace id?

use std::collections::BTreeMap;

use signals::AskError;

use crate::ask::patiently;
use crate::examination::Doctor;
use crate::hops::{Backend, Roll, alloy_ready, missing};
use crate::report::Finding;

/// The maximum number of lines to read; a roll logs five.
const LINES: usize = 100;

pub(crate) async fn logged(doctor: &Doctor<'_>, roll: &Roll) -> Result<String, Finding> {
    Backend::Loki.ready(doctor).await?;
    let seen = patiently(doctor.cli.patience, || look(doctor, roll)).await;
    match seen {
        Ok(saw) => Ok(saw),
        Err(Seen::NoAnswer(error)) => Err(doctor.kind.no_answer("loki", &error)),
        Err(Seen::Incomplete(lines)) => Err(incomplete(doctor, &lines).await),
    }
}

/// What was found if lines are missing.
enum Seen {
    NoAnswer(AskError),
    /// Lines by service.
    Incomplete(BTreeMap<String, usize>),
}

async fn look(doctor: &Doctor<'_>, roll: &Roll) -> Result<String, Seen> {
    let query = format!(
        r#"{{service_name=~"{}"}} | trace_id="{}""#,
        doctor.cli.service_names().join("|"),
        roll.trace_id
    );
    // From a minute earlier to ten later, because clocks differ.
    let [start, end] = [roll.began.saturating_sub(60), roll.began + 600].map(nanos);
    let found = doctor.loki().page(&query, start, end, LINES).await;
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for stream in found.map_err(Seen::NoAnswer)? {
        let service = stream.labels.get("service_name").cloned();
        *lines.entry(service.unwrap_or_default()).or_default() += stream.lines.len();
    }
    // Each service logs something about every roll. The usage line of the frontend may be one more;
    // it is not required, because its destination depends on the routes.
    if missing(doctor.cli, lines.keys().map(String::as_str)).is_empty() {
        return Ok(list(&lines));
    }
    Err(Seen::Incomplete(lines))
}

fn nanos(seconds: u64) -> u64 {
    seconds * 1_000_000_000
}

fn list(lines: &BTreeMap<String, usize>) -> String {
    let all: usize = lines.values().sum();
    let each = lines.iter().map(|(name, lines)| format!("{name} {lines}"));
    format!("{all} lines: {}", each.collect::<Vec<_>>().join(", "))
}

async fn incomplete(doctor: &Doctor<'_>, lines: &BTreeMap<String, usize>) -> Finding {
    let saw = if lines.is_empty() {
        "Loki has no line with the trace id".to_owned()
    } else {
        format!("only {}", list(lines))
    };
    if let Err(finding) = alloy_ready(doctor, &saw).await {
        return finding;
    }
    Finding {
        saw,
        cause: "Alloy cannot list the containers: docker-proxy does not find the Docker socket"
            .to_owned(),
        command: "docker compose logs --tail 30 docker-proxy alloy; grep DOCKER_SOCKET .env"
            .to_owned(),
    }
}
