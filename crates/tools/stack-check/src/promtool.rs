//! Checks Prometheus' configuration with `promtool`. The files of targets and rules exist at their paths
//! only in the container, so a copy of the configuration refers to those of the checkout.

use std::process::Command;

use crate::{Verdict, workshop};
use tooling::command::{is_there, output, root};

const TARGETS: &str = "stack/prometheus/targets";

/// The rules of each clock, which are mounted at the same path.
const RULES: [&str; 2] = ["24h.yml", "30d.yml"];

pub(crate) fn check() -> Result<Verdict, String> {
    if !is_there("promtool") {
        return Ok(Verdict::Missing(
            "promtool is not installed; on Debian: apt-get install prometheus".to_owned(),
        ));
    }
    let config = read("stack/prometheus/prometheus.yml")?;
    let mut stages: Vec<String> = Vec::new();
    for entry in root()
        .join(TARGETS)
        .read_dir()
        .map_err(|error| format!("{TARGETS}: {error}"))?
    {
        let name = entry.map_err(|error| error.to_string())?.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("stage") {
            stages.push(name.into_owned());
        }
    }
    let targets = root().join(TARGETS);
    // Each stage and each clock once; any stage works with any clock.
    for (stage, rules) in stages.iter().zip(RULES.iter().cycle()) {
        let rules = root().join("stack/prometheus/rules").join(rules);
        let here = config
            .replace("/etc/prometheus/rules/slo.yml", &rules.to_string_lossy())
            .replace(
                "/etc/prometheus/targets/stage.yml",
                &targets.join(stage).to_string_lossy(),
            )
            .replace("/etc/prometheus/targets", &targets.to_string_lossy());
        let copy = workshop()?.join("prometheus.yml");
        std::fs::write(&copy, here).map_err(|error| error.to_string())?;
        let said = output(Command::new("promtool").args(["check", "config"]).arg(copy))?;
        if said.contains("WARNING") {
            return Err(said);
        }
    }
    Ok(Verdict::Good(format!(
        "prometheus.yml with the targets of {} stages and the rules of {} clocks",
        stages.len(),
        RULES.len()
    )))
}

fn read(path: &str) -> Result<String, String> {
    std::fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))
}
