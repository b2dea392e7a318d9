//! Do the three services serve?

use crate::ask::{Silence, endpoint, text};
use crate::examination::Doctor;
use crate::hops::SERVICES;
use crate::report::Trouble;

pub(crate) async fn services(doctor: &Doctor<'_>) -> Result<String, Trouble> {
    let cli = doctor.cli;
    let bases = [
        &cli.frontend_url,
        &cli.dice_roller_url,
        &cli.die_service_url,
    ];
    let mut silent: Vec<(&str, Silence)> = Vec::new();
    for (service, base) in SERVICES.into_iter().zip(bases) {
        let health = text(&doctor.client, endpoint(base, "/healthz", &[])).await;
        silent.extend(health.err().map(|silence| (service, silence)));
    }
    let Some((first, silence)) = silent.last() else {
        return Ok(format!("200 from {}", SERVICES.join(", ")));
    };
    // The last one is the one that the others wait for.
    let mut trouble = doctor.kind.silent(first, silence);
    if silent.len() == SERVICES.len() {
        trouble.saw = "none of the three services can be reached".to_owned();
        trouble.cause = "the system is not running, or its ports were changed".to_owned();
        trouble.command = doctor.kind.start();
    }
    Err(trouble)
}
