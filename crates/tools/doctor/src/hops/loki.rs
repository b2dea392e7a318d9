//! Are the roll's log lines in Loki, found by its trace id?

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::ask::{Silence, endpoint, json, patiently};
use crate::examination::Doctor;
use crate::hops::{Roll, alloy_ready, missing, ready};
use crate::report::Trouble;

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    result: Vec<Stream>,
}

#[derive(Deserialize)]
struct Stream {
    #[serde(default)]
    stream: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<serde_json::Value>,
}

pub(crate) async fn logged(doctor: &Doctor<'_>, roll: &Roll) -> Result<String, Trouble> {
    ready(doctor, "loki").await?;
    let seen = patiently(doctor.cli.patience, || look(doctor, roll)).await;
    match seen {
        Ok(saw) => Ok(saw),
        Err(Sight::Silence(silence)) => Err(doctor.kind.silent("loki", &silence)),
        Err(Sight::Incomplete(lines)) => Err(incomplete(doctor, &lines).await),
    }
}

/// What is there in place of the lines.
enum Sight {
    Silence(Silence),
    /// Lines by service.
    Incomplete(BTreeMap<String, usize>),
}

async fn look(doctor: &Doctor<'_>, roll: &Roll) -> Result<String, Sight> {
    let query = format!(
        r#"{{service_name=~"{}"}} | trace_id="{}""#,
        doctor.cli.service_names().join("|"),
        roll.trace_id
    );
    let start = roll.began.saturating_sub(60).to_string();
    let query = [
        ("query", query.as_str()),
        ("start", &start),
        ("limit", "100"),
    ];
    let url = endpoint(&doctor.cli.loki_url, "/loki/api/v1/query_range", &query);
    let answer: Answer = json(&doctor.client, url).await.map_err(Sight::Silence)?;
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for stream in answer.data.result {
        let service = stream.stream.get("service_name").cloned();
        *lines.entry(service.unwrap_or_default()).or_default() += stream.values.len();
    }
    // Each of them logs something about every roll. The usage line of the frontend is one line more
    // where usage lines come here too, and is not waited for: where they go is for others to say.
    if missing(doctor.cli, lines.keys().map(String::as_str)).is_empty() {
        return Ok(list(&lines));
    }
    Err(Sight::Incomplete(lines))
}

fn list(lines: &BTreeMap<String, usize>) -> String {
    let all: usize = lines.values().sum();
    let each = lines.iter().map(|(name, lines)| format!("{name} {lines}"));
    format!("{all} lines: {}", each.collect::<Vec<_>>().join(", "))
}

async fn incomplete(doctor: &Doctor<'_>, lines: &BTreeMap<String, usize>) -> Trouble {
    let saw = if lines.is_empty() {
        "Loki has no line with the trace id".to_owned()
    } else {
        format!("only {}", list(lines))
    };
    if let Err(trouble) = alloy_ready(doctor, &saw).await {
        return trouble;
    }
    Trouble {
        saw,
        cause: "Alloy does not see the containers: the Docker socket is not where docker-proxy looks for it"
            .to_owned(),
        command: "docker compose logs --tail 30 docker-proxy alloy; grep DOCKER_SOCKET .env".to_owned(),
    }
}
