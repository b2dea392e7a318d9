//! One hop each: what was seen, or what is wrong there.

mod alloy;
mod counter;
mod exemplar;
mod grafana;
mod loki;
mod losses;
mod prometheus;
mod roll;
mod services;
mod tempo;
mod usage;

use signals::exposition::Exposition;

use crate::ask::{endpoint, text};
use crate::cli::{Cli, Part};
use crate::examination::Doctor;
use crate::report::Trouble;

pub(crate) use alloy::{Backlog, backlog, handed_on};
pub(crate) use counter::{counted, rolls_counted};
pub(crate) use exemplar::exemplar;
pub(crate) use grafana::dashboards;
pub(crate) use loki::logged;
pub(crate) use losses::{Losses, losses, nothing_lost};
pub(crate) use prometheus::scraped;
pub(crate) use roll::{Roll, roll};
pub(crate) use services::services;
pub(crate) use tempo::traced;
pub(crate) use usage::{rolls_stored, stored};

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

/// Those of the roll's services that are not among `seen`.
fn missing<'a>(cli: &Cli, seen: impl IntoIterator<Item = &'a str>) -> Vec<&'static str> {
    let seen: Vec<_> = seen.into_iter().collect();
    let mut services = cli.service_names();
    services.retain(|service| !seen.contains(service));
    services
}

/// The sum of the series of `name` with those labels in a text of /metrics.
fn sum(metrics: &str, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let metrics: Exposition = metrics.parse().ok()?;
    metrics.sum(name, labels)
}
