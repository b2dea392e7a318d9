//! Do the services serve?

use crate::ask::{Silence, endpoint, text};
use crate::examination::Doctor;
use crate::report::Trouble;

pub(crate) async fn services(doctor: &Doctor<'_>) -> Result<String, Trouble> {
    let cli = doctor.cli;
    let mut services = cli.services();
    services.extend(cli.usage_sink().map(|url| ("usage-sink", url)));
    let mut silent: Vec<(&str, Silence)> = Vec::new();
    for (service, base) in &services {
        let health = text(&doctor.client, endpoint(base, "/healthz", &[])).await;
        silent.extend(health.err().map(|silence| (*service, silence)));
    }
    let Some((first, silence)) = silent.last() else {
        let names: Vec<&str> = services.iter().map(|(name, _)| *name).collect();
        return Ok(format!("200 from {}", names.join(", ")));
    };
    // The last one is the one that the others wait for.
    let mut trouble = doctor.kind.silent(first, silence);
    if silent.len() == services.len() {
        trouble.saw = match services.len() {
            1 => format!("{first} cannot be reached"),
            many => format!("none of the {many} services can be reached"),
        };
        trouble.cause =
            "the system is not running, or another stage of it, or its ports were changed"
                .to_owned();
        trouble.command = doctor.kind.start();
    }
    Err(trouble)
}
