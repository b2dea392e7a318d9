//! The network policies allow what the networks of compose allow.

use serde_json::{Value, json};

use super::rendered::{Overlay, each, list};
use crate::projects::project;

fn policy<'a>(overlay: &'a Overlay, name: &str) -> &'a Value {
    let found = overlay.find("NetworkPolicy", name);
    found.unwrap_or_else(|| panic!("{}: no policy {name}", overlay.name))
}

#[test]
fn nothing_is_allowed_by_default() {
    each(|overlay| {
        let spec = &policy(overlay, "default-deny")["spec"];
        let nothing = json!({ "podSelector": {}, "policyTypes": ["Ingress", "Egress"] });
        assert_eq!(*spec, nothing, "{}", overlay.name);
    });
}

/// A service without networks is in the default one.
#[test]
fn a_pod_is_in_the_networks_of_its_container() {
    each(|overlay| {
        let project = project(overlay.stage);
        for pod in overlay.pods() {
            let mut networks = project.service(pod.in_compose()).list("networks");
            if networks.is_empty() {
                networks.push("default".to_owned());
            }
            for network in ["default", "database"] {
                let label = pod.label(&format!("network-{network}")) == Some("true");
                let expected = networks.iter().any(|it| it == network);
                assert_eq!(label, expected, "{}: {network}", pod.name());
            }
        }
    });
}

#[test]
fn the_pods_of_a_network_reach_each_other_and_no_others() {
    each(|overlay| {
        let mut networks = vec!["default"];
        networks.extend(overlay.find("StatefulSet", "postgres").map(|_| "database"));
        for network in networks {
            let label = format!("network-{network}");
            let members = json!({ "matchLabels": { &label: "true" } });
            let peers = json!([{ "podSelector": members }]);
            let expected = json!({
                "podSelector": members,
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [{ "from": peers }],
                "egress": [{ "to": peers }],
            });
            let spec = &policy(overlay, &label)["spec"];
            assert_eq!(*spec, expected, "{}", overlay.name);
        }
    });
}

/// DNS for all; the API for those that read pods, or the stack of the cluster.
#[test]
fn there_are_two_other_policies() {
    each(|overlay| {
        let policies = overlay.all("NetworkPolicy");
        let names = policies.filter_map(|it| it["metadata"]["name"].as_str());
        let other: Vec<&str> = names
            .filter(|name| !name.starts_with("network-") && *name != "default-deny")
            .collect();
        let own = match overlay.is_learner() {
            true => "kubernetes-api",
            false => "monitoring",
        };
        assert_eq!(other, ["dns", own], "{}", overlay.name);
        for rule in list(policy(overlay, own), "/spec/ingress") {
            let from = &rule["from"][0]["namespaceSelector"]["matchLabels"];
            assert_eq!(from["kubernetes.io/metadata.name"], "monitoring", "{rule}");
        }
    });
}
