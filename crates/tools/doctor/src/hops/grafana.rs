//! Has Grafana loaded the dashboards?

use serde::Deserialize;
use signals::AskError;

use crate::ask::patiently;
use crate::examination::Doctor;
use crate::hops::Backend;
use crate::report::Finding;

#[derive(Deserialize)]
struct Found {
    uid: String,
}

pub(crate) async fn dashboards(doctor: &Doctor<'_>) -> Result<String, Finding> {
    Backend::Grafana.ready(doctor).await?;
    let wanted = [
        doctor.cli.stage.dashboard_uid(),
        "ktrdr-system-overview".to_owned(),
        "ktrdr-worker-status".to_owned(),
        "ktrdr-operations".to_owned(),
    ];
    patiently(doctor.cli.patience, || look(doctor, &wanted)).await
}

async fn look(doctor: &Doctor<'_>, wanted: &[String]) -> Result<String, Finding> {
    let query = [("type", "dash-db"), ("limit", "1000")];
    let grafana = doctor.reader(doctor.cli.grafana_url.clone());
    let search = grafana.get("/api/search", &query);
    let found: Vec<Found> = match search.json().await {
        Ok(found) => found,
        Err(error) if is_refusal(&error) => {
            return Err(Finding {
                saw: error.to_string(),
                cause: "anonymous access is disabled (GF_AUTH_ANONYMOUS_ENABLED)".to_owned(),
                command: doctor.kind.restart("grafana"),
            });
        }
        Err(error) => return Err(doctor.kind.no_answer("grafana", &error)),
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
    Err(Finding {
        saw: format!("{} dashboards, but not {}", found.len(), absent.join(", ")),
        cause: "Grafana rejected a file in dashboards/, or the folder is not mounted".to_owned(),
        command: "docker compose logs grafana | grep -i provisioning; cargo xtask check-stack"
            .to_owned(),
    })
}

fn is_refusal(error: &AskError) -> bool {
    matches!(error, AskError::Status { status, .. } if matches!(status.as_u16(), 401 | 403))
}
