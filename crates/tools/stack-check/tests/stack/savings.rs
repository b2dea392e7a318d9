//! The savings to try: each is one line, and nothing else differs from the stack.

use mini_tempo::TailSampling;

use crate::files::{alloy, root, services_with, text};
use crate::variables::env;

/// The files, with the services whose containers each changes.
const SAVINGS: [(&str, &[&str]); 4] = [
    ("fewer-buckets", &["prometheus"]),
    ("fewer-lines", &["alloy", "doctor"]),
    (
        "head-sampling",
        &[
            "die-service",
            "dice-roller",
            "frontend",
            "traffic-gen",
            "prober",
            "doctor",
        ],
    ),
    ("tail-sampling", &["alloy", "doctor"]),
];

#[test]
fn each_saving_is_one_line() {
    let folder = std::fs::read_dir(root().join("stack/savings")).expect("the folder exists");
    let files = folder.map(|entry| entry.expect("readable").file_name());
    let mut files: Vec<String> = files.map(|it| it.to_string_lossy().into_owned()).collect();
    files.sort();
    assert_eq!(files, SAVINGS.map(|(name, _)| format!("{name}.env")));
    let defaults = env(".env");
    for file in files {
        let lines = env(&format!("stack/savings/{file}"));
        let [(name, value)] = Vec::from_iter(&lines)[..] else {
            panic!("{file} sets {lines:?}");
        };
        let default = defaults
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not in .env"));
        assert_ne!(value, default, "{file}");
    }
}

#[test]
fn a_saving_changes_the_containers_that_it_is_for() {
    for (name, expected) in SAVINGS {
        let mut variables = env(".env");
        let before = services_with(&variables);
        variables.extend(env(&format!("stack/savings/{name}.env")));
        let after = services_with(&variables);
        let pairs = before.iter().zip(&after);
        let changed: Vec<&str> = pairs
            .filter(|(before, after)| before.it != after.it)
            .map(|(before, _)| before.name.as_str())
            .collect();
        for service in expected {
            assert!(
                changed.contains(service),
                "{name}: {service} is not changed"
            );
        }
        let samples = name == "head-sampling";
        assert!(
            samples || changed.len() == expected.len(),
            "{name}: {changed:?}"
        );
    }
}

/// `prometheus.yml`, and one block below the targets of the stage.
#[test]
fn fewer_buckets_is_the_only_difference() {
    let stack = text("stack/prometheus/prometheus.yml");
    let fewer = text("stack/prometheus/fewer-buckets.yml");
    let (comment, fewer) = fewer.split_once('\n').expect("a first line");
    assert!(comment.starts_with("# "), "{comment}");
    let (before, rest) = fewer.split_once("    # A saving:").expect("the block");
    let at = rest.find("\n  - job_name").expect("a job after it");
    assert!(rest[..at].ends_with("action: labeldrop"), "{rest}");
    let after = &rest[at + 1..];
    assert_eq!(format!("{before}{after}"), stack);
}

/// The bucket that the objective of latency counts is kept.
#[test]
fn fewer_buckets_keep_the_bound_of_the_objective() {
    let fewer = text("stack/prometheus/fewer-buckets.yml");
    assert!(text("stack/prometheus/rules/24h.yml").contains(r#"le="1.1""#));
    assert!(fewer.contains(r"|1\.1|"), "{fewer}");
}

/// The stand-in of the run without Docker decides as Alloy does.
#[test]
fn alloy_samples_as_the_stand_in_does() {
    let TailSampling { wait, slow, share } = TailSampling::STACK;
    let config = alloy();
    for line in [
        format!("decision_wait = \"{}s\"", wait.as_secs()),
        format!("threshold_ms = {}", slow.as_millis()),
        format!("sampling_percentage = {}", 100.0 * share),
        "status_codes = [\"ERROR\"]".to_owned(),
    ] {
        assert!(config.contains(&line), "config.alloy has no {line:?}");
    }
}
