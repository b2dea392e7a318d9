//! What one document refers to exists in another, and documents can be applied.

use serde_json::Value;

use super::rendered::{Overlay, Pod, each, list, text};
use crate::files::addresses;

#[test]
fn every_service_leads_to_a_port_of_its_pods() {
    each(|overlay| {
        for service in overlay.all("Service") {
            let name = text(service, "/metadata/name");
            let mut pods = overlay.pods();
            pods.retain(|pod| pod.has(&service["spec"]["selector"]));
            assert!(!pods.is_empty(), "{}: {name} selects no pod", overlay.name);
            for port in list(service, "/spec/ports") {
                for pod in &pods {
                    let mut ports = list(pod.container(), "/ports").iter();
                    let target = ports.find(|it| it["name"] == port["targetPort"]);
                    let inside = target.map(|it| &it["containerPort"]);
                    // Headless Services and the URLs of compose use the port of the container.
                    assert_eq!(inside, Some(&port["port"]), "{name}");
                }
            }
        }
    });
}

#[test]
fn a_workload_selects_its_own_pods_only() {
    each(|overlay| {
        for pod in overlay.pods() {
            let Some(selector) = pod.workload.pointer("/spec/selector/matchLabels") else {
                continue;
            };
            let pods = overlay.pods();
            let selected = pods.iter().filter(|it| it.has(selector)).map(Pod::name);
            assert_eq!(selected.collect::<Vec<_>>(), [pod.name()]);
        }
    });
}

/// The doctor knows the parts of all stages.
#[test]
fn every_url_leads_to_a_service_with_that_port() {
    each(|overlay| {
        let pods = overlay.pods();
        for pod in pods.iter().filter(|it| it.name() != "doctor") {
            for (name, value) in overlay.environment(pod) {
                let at = format!("{}: {}: {name}", overlay.name, pod.name());
                let inside = addresses(&value).into_iter();
                for address in inside.filter(|it| !is_elsewhere(it)) {
                    assert_served(overlay, address, &at);
                }
            }
        }
    });
}

/// A browser's own machine, another namespace, or the address of the pod itself.
fn is_elsewhere(address: &str) -> bool {
    address.starts_with("localhost") || address.contains(".svc:") || address.is_empty()
}

fn assert_served(overlay: &Overlay, address: &str, at: &str) {
    let (host, port) = address
        .split_once(':')
        .unwrap_or_else(|| panic!("{at}: {address}"));
    let service = overlay.find("Service", host);
    let service = service.unwrap_or_else(|| panic!("{at}: no Service {host}"));
    let ports = list(service, "/spec/ports").iter();
    let mut ports = ports.filter_map(|it| it["port"].as_u64());
    assert!(ports.any(|it| it.to_string() == port), "{at}: {address}");
}

#[test]
fn every_volume_is_mounted_and_every_mount_has_one() {
    each(|overlay| {
        for pod in overlay.pods() {
            let claims = list(pod.workload, "/spec/volumeClaimTemplates").iter();
            let mut names: Vec<&str> = claims.map(|it| text(it, "/metadata/name")).collect();
            let volumes = list(pod.spec(), "/volumes").iter();
            names.extend(volumes.map(|it| text(it, "/name")));
            let mounts = list(pod.container(), "/volumeMounts").iter();
            let mut used: Vec<&str> = mounts.map(|it| text(it, "/name")).collect();
            names.sort_unstable();
            used.sort_unstable();
            used.dedup();
            assert_eq!(used, names, "{}: {}", overlay.name, pod.name());
        }
    });
}

#[test]
fn a_stateful_set_has_the_headless_service_that_it_names() {
    each(|overlay| {
        for set in overlay.all("StatefulSet") {
            let name = text(set, "/spec/serviceName");
            let service = overlay.find("Service", name);
            let service = service.unwrap_or_else(|| panic!("{}: {name}", overlay.name));
            assert_eq!(service["spec"]["clusterIP"], "None", "{name}");
        }
    });
}

/// `kubectl apply` keeps a copy of each document in an annotation of at most 256 KiB.
#[test]
fn every_document_is_small_enough_to_be_applied() {
    each(|overlay| {
        for document in &overlay.documents {
            let size = document.to_string().len();
            assert!(size < 256_000, "{}: {size} bytes", document["metadata"]);
        }
    });
}

/// A JSON patch whose `value` is misspelled writes null, without an error: see
/// `findings/kustomize-replaces-a-value-by-null-when-value-is-misspelled.sh`.
#[test]
fn no_patch_has_written_null() {
    fn nulls(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Null => found.push(path.to_owned()),
            Value::Array(items) => items.iter().for_each(|it| nulls(it, path, found)),
            Value::Object(members) => {
                let nested = members.iter();
                nested.for_each(|(key, it)| nulls(it, &format!("{path}/{key}"), found));
            }
            _ => {}
        }
    }
    each(|overlay| {
        for document in &overlay.documents {
            let mut found = Vec::new();
            nulls(document, "", &mut found);
            let name = &document["metadata"]["name"];
            assert!(found.is_empty(), "{}: {name}: {found:?}", overlay.name);
        }
    });
}
