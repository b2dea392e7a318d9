//! One module for each hop: what was seen, or what is wrong.

mod alerts;
mod alloy;
mod backend;
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

use crate::cli::{Cli, Part};
use crate::examination::Doctor;
use crate::report::Finding;

pub(crate) use alerts::alerted;
pub(crate) use alloy::{Backlog, backlog, handed_on};
pub(crate) use backend::Backend;
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

/// Whether Alloy, which forwards logs and traces, is ready, if the run has it. `missed` is the data
/// that did not arrive.
async fn alloy_ready(doctor: &Doctor<'_>, missed: &str) -> Result<(), Finding> {
    if !doctor.cli.has(Part::Alloy) {
        return Ok(());
    }
    let ready = Backend::Alloy.ready(doctor).await;
    ready.map_err(|finding| Finding {
        saw: format!("{missed}, and {}", finding.saw),
        ..finding
    })
}

/// The services of the roll that are not in `seen`.
fn missing<'a>(cli: &Cli, seen: impl IntoIterator<Item = &'a str>) -> Vec<&'static str> {
    let seen: Vec<_> = seen.into_iter().collect();
    let mut services = cli.service_names();
    services.retain(|service| !seen.contains(service));
    services
}
