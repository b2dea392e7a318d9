//! Checks Prometheus' configuration with `promtool`. The files of targets and rules exist at their paths
//! only in the container, so a copy of the configuration refers to those of the checkout. The scrape
//! configuration of Kubernetes is part of a copy of its own, because Debian's promtool 2.42 does not
//! know the key that includes it.

use std::process::Command;

use crate::Verdict;
use stack_check::workshop;
use tooling::command::{is_there, output, root};
use tooling::prometheus::for_debian;

const CONFIG: &str = "stack/prometheus/prometheus.yml";

/// The same with fewer buckets.
const FEWER: &str = "stack/prometheus/fewer-buckets.yml";

const TARGETS: &str = "stack/prometheus/targets";

/// The rules of each clock, which are mounted at the same path.
const RULES: [&str; 2] = ["24h.yml", "30d.yml"];

/// What Prometheus also reads on Kubernetes.
const PODS: &str = "deploy/kubernetes/components/learner/pods.yml";

/// Where both have their list.
const LIST: &str = "scrape_configs:\n";

pub(crate) fn check() -> Result<Verdict, String> {
    if !is_there("promtool") {
        return Ok(Verdict::Missing(
            "promtool is not installed; on Debian: apt-get install prometheus".to_owned(),
        ));
    }
    let config = for_debian(&read(CONFIG)?);
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
    // Each stage and each clock once; any stage works with any clock.
    for (stage, rules) in stages.iter().zip(RULES.iter().cycle()) {
        check_config(&config, stage, rules)?;
    }
    check_config(&for_debian(&read(FEWER)?), "stage4.yml", RULES[0])?;
    let pods = read(PODS)?;
    let pods = without_discovery(&pods)?;
    let with_pods = config.replace(LIST, &format!("{LIST}{pods}"));
    check_config(&with_pods, "stage1.yml", RULES[0])?;
    Ok(Verdict::Good(format!(
        "prometheus.yml with the targets of {} stages, with those of Kubernetes, and with the rules of \
         {} clocks",
        stages.len(),
        RULES.len()
    )))
}

/// The scrape configuration of Kubernetes with a fixed target: Debian's promtool is built without the
/// discovery of pods.
fn without_discovery(pods: &str) -> Result<String, String> {
    let parts = pods.split_once(LIST).and_then(|(_, job)| {
        let (name, rest) = job.split_once("    kubernetes_sd_configs:\n")?;
        let (_, relabel) = rest.split_once("    relabel_configs:\n")?;
        Some((name, relabel))
    });
    let (name, relabel) = parts.ok_or_else(|| format!("{PODS} is not in the expected order"))?;
    let target = "    static_configs: [{ targets: [\"10.0.0.1:8000\"] }]\n";
    Ok(format!("{name}{target}    relabel_configs:\n{relabel}"))
}

/// Checks a copy of the configuration with the targets of a stage and the rules of a clock.
fn check_config(config: &str, stage: &str, rules: &str) -> Result<(), String> {
    let targets = root().join(TARGETS);
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
    Ok(())
}

fn read(path: &str) -> Result<String, String> {
    std::fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))
}
