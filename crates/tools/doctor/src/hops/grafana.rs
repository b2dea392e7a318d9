//! Has Grafana loaded the dashboards?

use serde::Deserialize;

use crate::ask::{Silence, endpoint, json, patiently};
use crate::examination::Doctor;
use crate::hops::ready;
use crate::report::Trouble;

#[derive(Deserialize)]
struct Found {
    uid: String,
}

pub(crate) async fn dashboards(doctor: &Doctor<'_>) -> Result<String, Trouble> {
    ready(doctor, "grafana").await?;
    let wanted = [
        doctor.cli.stage.dashboard_uid(),
        "ktrdr-system-overview".to_owned(),
        "ktrdr-worker-status".to_owned(),
        "ktrdr-operations".to_owned(),
    ];
    patiently(doctor.cli.patience, || look(doctor, &wanted)).await
}

async fn look(doctor: &Doctor<'_>, wanted: &[String]) -> Result<String, Trouble> {
    let query = [("type", "dash-db"), ("limit", "1000")];
    let url = endpoint(&doctor.cli.grafana_url, "/api/search", &query);
    let found: Vec<Found> = match json(&doctor.client, url).await {
        Ok(found) => found,
        Err(
            silence @ Silence::Status {
                status: 401 | 403, ..
            },
        ) => {
            return Err(Trouble {
                saw: silence.to_string(),
                cause: "anonymous viewers are not let in (GF_AUTH_ANONYMOUS_ENABLED)".to_owned(),
                command: doctor.kind.restart("grafana"),
            });
        }
        Err(silence) => return Err(doctor.kind.silent("grafana", &silence)),
    };
    let absent: Vec<&str> = wanted
        .iter()
        .filter(|uid| !found.iter().any(|dashboard| dashboard.uid == **uid))
        .map(String::as_str)
        .collect();
    if absent.is_empty() {
        return Ok(format!(
            "{} dashboards, among them {}",
            found.len(),
            wanted.join(", ")
        ));
    }
    Err(Trouble {
        saw: format!("{} dashboards, but not {}", found.len(), absent.join(", ")),
        cause: "a file in dashboards/ is refused, or its folder is not mounted".to_owned(),
        command: "docker compose logs grafana | grep -i provisioning; cargo xtask check-stack"
            .to_owned(),
    })
}
