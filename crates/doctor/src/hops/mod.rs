//! One hop each: what was seen, or what is wrong there.

mod counter;
mod exemplar;
mod grafana;
mod loki;
mod prometheus;
mod roll;
mod services;
mod tempo;

use crate::ask::{endpoint, text};
use crate::cli::Part;
use crate::examination::Doctor;
use crate::report::Trouble;

pub(crate) use counter::{counted, rolls_counted};
pub(crate) use exemplar::exemplar;
pub(crate) use grafana::dashboards;
pub(crate) use loki::logged;
pub(crate) use prometheus::scraped;
pub(crate) use roll::{Roll, roll};
pub(crate) use services::services;
pub(crate) use tempo::traced;

/// Asks a part of the stack whether it works, once: what is down is not waited for.
async fn ready(doctor: &Doctor<'_>, part: &str) -> Result<(), Trouble> {
    let cli = doctor.cli;
    let (base, path) = match part {
        "alloy" => (&cli.alloy_url, "/-/ready"),
        "tempo" => (&cli.tempo_url, "/ready"),
        "prometheus" => (&cli.prometheus_url, "/-/ready"),
        "loki" => (&cli.loki_url, "/ready"),
        _ => (&cli.grafana_url, "/api/health"),
    };
    let answer = text(&doctor.client, endpoint(base, path, &[])).await;
    match answer {
        Ok(_) => Ok(()),
        Err(silence) => Err(doctor.kind.silent(part, &silence)),
    }
}

/// [`ready`] for Alloy, through which logs and traces come, where the run has it. `missed` is
/// what did not come.
async fn alloy_ready(doctor: &Doctor<'_>, missed: &str) -> Result<(), Trouble> {
    if !doctor.cli.has(Part::Alloy) {
        return Ok(());
    }
    ready(doctor, "alloy").await.map_err(|trouble| Trouble {
        saw: format!("{missed}, and {}", trouble.saw),
        ..trouble
    })
}

/// The services that a roll passes through, by their OpenTelemetry names.
const SERVICES: [&str; 3] = ["frontend", "dice-roller", "die-service"];

/// Those of [`SERVICES`] that are not among `seen`.
fn missing<'a>(seen: impl IntoIterator<Item = &'a str>) -> Vec<&'static str> {
    let seen: Vec<_> = seen.into_iter().collect();
    let mut services = SERVICES.to_vec();
    services.retain(|service| !seen.contains(service));
    services
}
