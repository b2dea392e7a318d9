//! Both ways of finding pods give their series the labels that compose's targets have.

use std::collections::BTreeMap;

use serde_json::Value;

use super::rendered::{Overlay, Pod, each, list, text};
use crate::files::{strings, yaml};
use crate::metrics::{Group, groups_of};
use crate::projects::project;

const PODS: &str = "deploy/kubernetes/components/learner/pods.yml";

/// The sources of each label.
type Rules = BTreeMap<String, Vec<String>>;

/// The rules of Prometheus' own configuration, or of a monitor.
fn rules(list: &[Value], target: &str, sources: &str) -> Rules {
    let with_target = list.iter().filter(|rule| rule[target].is_string());
    with_target
        .map(|rule| {
            (
                rule[target].as_str().expect("text").to_owned(),
                strings(&rule[sources]),
            )
        })
        .collect()
}

fn of_prometheus() -> Rules {
    let file = yaml(PODS);
    let configs = list(&file, "/scrape_configs/0/relabel_configs");
    rules(configs, "target_label", "source_labels")
}

/// The value of a label that is copied from a label of the pod.
fn value<'a>(pod: &Pod<'a>, sources: &[String]) -> Option<&'a str> {
    let name = sources[0].strip_prefix("__meta_kubernetes_pod_label_")?;
    let labels = pod.template["metadata"]["labels"].as_object()?;
    let same = |label: &str| label.replace(['.', '-', '/'], "_") == name;
    labels.iter().find(|(label, _)| same(label))?.1.as_str()
}

/// The pod that a target of compose is on Kubernetes.
fn pod_of<'a>(overlay: &'a Overlay, group: &Group, service: &str) -> Pod<'a> {
    let worker_type = group.labels["worker_type"].as_str();
    let name = match worker_type {
        Some(kind) => format!("ktrdr-worker-{kind}"),
        None => service.to_owned(),
    };
    let mut pods = overlay.pods().into_iter();
    pods.find(|pod| pod.name() == name)
        .unwrap_or_else(|| panic!("{}: no pod {name}", overlay.name))
}

#[test]
fn series_have_the_labels_of_compose() {
    each(|overlay| {
        let project = project(overlay.stage);
        for group in groups_of(&project) {
            for target in &group.targets {
                let (host, _) = target.split_once(':').expect("a port");
                let pod = pod_of(overlay, &group, &project.container(host).name);
                let mut rules = of_prometheus();
                assert!(rules.remove("instance").is_some());
                for (label, sources) in rules {
                    let expected = group.labels[&label].as_str();
                    assert_eq!(value(&pod, &sources), expected, "{host}: {label}");
                }
            }
        }
    });
}

#[test]
fn the_scraped_pods_are_the_targets_of_compose() {
    each(|overlay| {
        let groups = groups_of(&project(overlay.stage));
        let expected: usize = groups.iter().map(|group| group.targets.len()).sum();
        let pods = overlay.pods();
        let replicas = |pod: &Pod| pod.workload["spec"]["replicas"].as_u64().unwrap_or(1);
        let sum: u64 = pods.iter().filter(|it| it.is_scraped()).map(replicas).sum();
        assert_eq!(usize::try_from(sum), Ok(expected), "{}", overlay.name);
    });
}

/// A pod with two ports would be two targets, and its lines would be read twice.
#[test]
fn a_scraped_pod_has_one_port() {
    each(|overlay| {
        for pod in overlay.pods().iter().filter(|it| it.is_scraped()) {
            assert_eq!(list(pod.container(), "/ports").len(), 1, "{}", pod.name());
        }
    });
}

#[test]
fn monitors_give_the_labels_that_the_stack_gives() {
    let global = &yaml("stack/prometheus/prometheus.yml")["global"];
    each(|overlay| {
        let pods = overlay.all("PodMonitor");
        let pods = pods.flat_map(|it| list(it, "/spec/podMetricsEndpoints"));
        let services = overlay.all("ServiceMonitor");
        let services = services.flat_map(|it| list(it, "/spec/endpoints"));
        let endpoints: Vec<&Value> = pods.chain(services).collect();
        assert_eq!(endpoints.is_empty(), overlay.is_learner());
        for endpoint in endpoints {
            let relabelings = list(endpoint, "/relabelings");
            let own = rules(relabelings, "targetLabel", "sourceLabels");
            assert_eq!(own, of_prometheus(), "{}", overlay.name);
            assert_eq!(endpoint["interval"], global["scrape_interval"]);
            assert_eq!(endpoint["scrapeTimeout"], global["scrape_timeout"]);
            assert_eq!(endpoint["port"], "http");
        }
    });
}

#[test]
fn every_scraped_pod_is_of_one_monitor() {
    each(|overlay| {
        let pods = overlay.pods();
        let scraped = pods.iter().filter(|it| it.is_scraped());
        for pod in scraped.filter(|_| !overlay.is_learner()) {
            let by_pod = overlay.all("PodMonitor");
            let by_pod = by_pod.filter(|it| pod.has(&it["spec"]["selector"]["matchLabels"]));
            let by_service = overlay.all("ServiceMonitor");
            let by_service = by_service.filter(|it| selects_service_of(overlay, it, pod));
            let monitors = by_pod.count() + by_service.count();
            assert_eq!(monitors, 1, "{}", pod.name());
        }
    });
}

/// Whether a ServiceMonitor selects a Service that leads to the pod.
fn selects_service_of(overlay: &Overlay, monitor: &Value, pod: &Pod) -> bool {
    let wanted = &monitor["spec"]["selector"]["matchLabels"];
    let wanted = wanted.as_object().expect("labels");
    overlay.all("Service").any(|service| {
        let labels = &service["metadata"]["labels"];
        let mut wanted = wanted.iter();
        wanted.all(|(name, value)| labels[name] == *value) && pod.has(&service["spec"]["selector"])
    })
}

/// Prometheus' chart selects monitors by this label unless it is told otherwise.
#[test]
fn monitors_have_the_label_of_the_chart() {
    each(|overlay| {
        for kind in ["PodMonitor", "ServiceMonitor", "PrometheusRule"] {
            for document in overlay.all(kind) {
                let release = text(document, "/metadata/labels/release");
                assert_eq!(release, "kube-prometheus-stack", "{}", document["metadata"]);
            }
        }
    });
}

/// `cargo xtask slo` writes both.
#[test]
fn the_rules_of_a_cluster_are_those_over_thirty_days() {
    let groups = &yaml("stack/prometheus/rules/30d.yml")["groups"];
    each(|overlay| {
        let rules: Vec<&Value> = overlay.all("PrometheusRule").collect();
        assert_eq!(rules.is_empty(), overlay.is_learner(), "{}", overlay.name);
        for rule in rules {
            assert_eq!(rule["spec"]["groups"], *groups, "run `cargo xtask slo`");
        }
    });
}
