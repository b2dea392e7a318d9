//! The Pod Security Standard "restricted", and what must never be there.

use serde_json::{Value, json};

use super::rendered::{each, list, text};

/// What a pod that follows "restricted" may mount, as far as it is used here.
const VOLUMES: [&str; 3] = ["configMap", "emptyDir", "projected"];

#[test]
fn the_namespace_enforces_the_restricted_standard() {
    each(|overlay| {
        let namespace = overlay.find("Namespace", "dice-roller");
        let labels = &namespace.expect("a namespace")["metadata"]["labels"];
        assert_eq!(labels["pod-security.kubernetes.io/enforce"], "restricted");
        for document in &overlay.documents {
            let is_in_it = document["metadata"]["namespace"] == "dice-roller";
            let expected = document["kind"] != "Namespace";
            assert_eq!(is_in_it, expected, "{}", document["metadata"]);
        }
    });
}

#[test]
fn every_pod_follows_the_restricted_standard() {
    let profile = json!({ "type": "RuntimeDefault" });
    let container = json!({
        "allowPrivilegeEscalation": false,
        "capabilities": { "drop": ["ALL"] },
        "readOnlyRootFilesystem": true,
    });
    each(|overlay| {
        for pod in overlay.pods() {
            let name = pod.name();
            let context = &pod.spec()["securityContext"];
            assert_eq!(context["runAsNonRoot"], true, "{name}");
            assert_ne!(context["runAsUser"], 0, "{name}");
            assert_eq!(context["seccompProfile"], profile, "{name}");
            assert_eq!(pod.container()["securityContext"], container, "{name}");
            for host in ["hostNetwork", "hostPID", "hostIPC"] {
                assert!(pod.spec()[host].is_null(), "{name}: {host}");
            }
        }
    });
}

#[test]
fn nothing_of_the_node_is_mounted() {
    each(|overlay| {
        for pod in overlay.pods() {
            for volume in list(pod.spec(), "/volumes") {
                let kinds = volume.as_object().expect("a volume").keys();
                let mut kinds = kinds.filter(|key| *key != "name");
                let allowed = kinds.all(|kind| VOLUMES.contains(&kind.as_str()));
                assert!(allowed, "{}: {volume}", pod.name());
            }
            for port in list(pod.container(), "/ports") {
                assert!(port["hostPort"].is_null(), "{}", pod.name());
            }
        }
    });
}

/// Only those that find pods through the API have a token for it, and may only read.
#[test]
fn only_prometheus_and_alloy_may_ask_the_api() {
    each(|overlay| {
        for pod in overlay.pods() {
            let asks = ["alloy", "prometheus"].contains(&pod.name());
            let spec = pod.spec();
            let token = &spec["automountServiceAccountToken"];
            assert_eq!(*token, asks, "{}", pod.name());
            assert_eq!(spec["enableServiceLinks"], false, "{}", pod.name());
            let label = pod.label("kubernetes-api") == Some("true");
            assert_eq!(label, asks, "{}", pod.name());
        }
        assert!(overlay.all("ClusterRole").next().is_none());
        for rule in overlay.all("Role").flat_map(|role| list(role, "/rules")) {
            let reads = |verb: &Value| ["get", "list", "watch"].iter().any(|it| verb == it);
            assert!(list(rule, "/verbs").iter().all(reads), "{rule}");
        }
    });
}

#[test]
fn there_are_no_secrets_and_nothing_is_published() {
    each(|overlay| {
        for kind in ["Secret", "Ingress", "Gateway"] {
            let found = overlay.all(kind).next();
            assert!(found.is_none(), "{}: {kind}", overlay.name);
        }
        for service in overlay.all("Service") {
            let kind = service["spec"]["type"].as_str().unwrap_or("ClusterIP");
            assert_eq!(kind, "ClusterIP", "{}", text(service, "/metadata/name"));
        }
    });
}

/// A drain of a node must not stop all replicas at once, and must not be blocked by a single one.
#[test]
fn replicas_are_spread_and_leave_one_at_a_time() {
    each(|overlay| {
        for pod in overlay.pods() {
            let has_replicas = ["die-service", "dice-roller", "frontend"].contains(&pod.name());
            let budgets = overlay.all("PodDisruptionBudget");
            let mut budgets = budgets.filter(|it| pod.has(&it["spec"]["selector"]["matchLabels"]));
            let budget = budgets.next();
            assert_eq!(budget.is_some(), has_replicas, "{}", pod.name());
            assert!(budget.is_none_or(|it| it["spec"]["maxUnavailable"] == 1));
            let spread = list(pod.spec(), "/topologySpreadConstraints");
            assert!(!has_replicas || spread.len() == 1, "{}", pod.name());
            for constraint in spread {
                assert!(pod.has(&constraint["labelSelector"]["matchLabels"]));
            }
        }
    });
}
