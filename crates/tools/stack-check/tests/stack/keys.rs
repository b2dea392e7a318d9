//! Checks that Loki and Tempo accept the keys in their files; Tempo does not start with an unknown
//! key. The lists in `keys/` are for the versions in docker-compose.yml: for each map in our file,
//! the keys shown by `GET /config` (Loki) and `GET /status/config` (Tempo); `*` matches anything.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::files::{service, text, yaml};

/// The known keys of every map, by its path.
fn known(program: &str) -> BTreeMap<String, Vec<String>> {
    let image = service(program).it["image"]
        .as_str()
        .expect("an image")
        .to_owned();
    let (_, version) = image.rsplit_once(':').expect("a tag");
    listed(&format!("{program}-{version}"))
}

/// The keys of every map in a file of `keys/`.
fn listed(name: &str) -> BTreeMap<String, Vec<String>> {
    let list = text(&format!(
        "crates/tools/stack-check/tests/stack/keys/{name}.txt"
    ));
    let lines = list
        .lines()
        .map(|line| line.split_once(": ").expect("PATH: KEYS"));
    lines
        .map(|(path, keys)| {
            (
                path.to_owned(),
                keys.split(' ').map(str::to_owned).collect(),
            )
        })
        .collect()
}

fn check(node: &Value, path: &str, known: &BTreeMap<String, Vec<String>>) {
    match node {
        Value::Object(map) => {
            let list = known.get(path);
            let list = list.unwrap_or_else(|| panic!("no list of the keys of {path}"));
            if list == &["*"] {
                return;
            }
            for (key, value) in map {
                assert!(list.contains(key), "{path}: unknown key {key}");
                check(value, &format!("{path}.{key}"), known);
            }
        }
        Value::Array(values) => {
            for value in values {
                check(value, &format!("{path}.[]"), known);
            }
        }
        _ => {}
    }
}

fn check_file(program: &str) {
    let config = yaml(&format!("stack/{program}/{program}.yaml"));
    check(&config, program, &known(program));
}

#[test]
fn loki_knows_every_key_of_its_file() {
    check_file("loki");
}

#[test]
fn tempo_knows_every_key_of_its_file() {
    check_file("tempo");
}

#[test]
#[should_panic(expected = "unknown key compactor")]
fn a_key_of_tempo_2_is_found() {
    let config = serde_json::json!({ "compactor": {} });
    check(&config, "tempo", &known("tempo"));
}

/// The charts of `deploy/kubernetes/values`, each with the version that its file pins. Their lists have
/// the keys that the chart's own values have; `*` where it passes on what it is given.
const CHARTS: [&str; 4] = [
    "k8s-monitoring",
    "kube-prometheus-stack",
    "loki",
    "tempo-distributed",
];

/// The version after `--version` in the comment of the file.
fn pinned(chart: &str) -> String {
    let file = text(&format!("deploy/kubernetes/values/{chart}.yaml"));
    let (_, rest) = file.split_once("--version ").expect("a pinned version");
    let version = rest.split_whitespace().next();
    version.expect("a version").to_owned()
}

#[test]
fn charts_know_every_key_of_their_values() {
    for chart in CHARTS {
        let list = format!("chart-{chart}-{}", pinned(chart));
        let values = yaml(&format!("deploy/kubernetes/values/{chart}.yaml"));
        check(&values, chart, &listed(&list));
    }
}
