//! Are the services up?

use signals::AskError;

use crate::examination::Doctor;
use crate::report::Finding;

pub(crate) async fn services(doctor: &Doctor<'_>) -> Result<String, Finding> {
    let cli = doctor.cli;
    let mut services = cli.services();
    services.extend(cli.usage_sink().map(|url| ("usage-sink", url)));
    let mut failed: Vec<(&str, AskError)> = Vec::new();
    for (service, base) in &services {
        let health = doctor.reader(base.clone()).get("/healthz", &[]);
        let error = health.bytes().await.err();
        failed.extend(error.map(|error| (*service, error)));
    }
    let Some((first, error)) = failed.last() else {
        let names: Vec<&str> = services.iter().map(|(name, _)| *name).collect();
        return Ok(format!("200 from {}", names.join(", ")));
    };
    // The last one is a dependency of all others.
    let mut finding = doctor.kind.no_answer(first, error);
    if failed.len() == services.len() {
        finding.saw = match services.len() {
            1 => format!("{first} cannot be reached"),
            many => format!("none of the {many} services can be reached"),
        };
        finding.cause =
            "the system is not running, or another stage of it, or its ports were changed"
                .to_owned();
        finding.command = doctor.kind.start();
    }
    Err(finding)
}
