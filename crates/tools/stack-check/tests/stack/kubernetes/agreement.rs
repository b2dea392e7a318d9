//! Programs, images, users, variables, ports, probes and limits are those of compose.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::rendered::{Overlay, Pod, each, list, text};
use crate::files::{Service, strings};
use crate::projects::project;

/// Every pod, with its service in docker-compose.yml.
fn each_pair(check: impl Fn(&Overlay, &Pod, &Service)) {
    each(|overlay| {
        let project = project(overlay.stage);
        for pod in overlay.pods() {
            check(overlay, &pod, project.service(pod.in_compose()));
        }
    });
}

#[test]
fn every_pod_has_one_container() {
    each_pair(|_, pod, _| {
        assert_eq!(list(pod.spec(), "/containers").len(), 1, "{}", pod.name());
        assert!(pod.spec()["initContainers"].is_null(), "{}", pod.name());
    });
}

#[test]
fn images_and_users_are_those_of_compose() {
    each_pair(|_, pod, service| {
        let image = &pod.container()["image"];
        assert_eq!(*image, service.it["image"], "{}", pod.name());
        let context = &pod.spec()["securityContext"];
        let user = format!("{}:{}", context["runAsUser"], context["runAsGroup"]);
        assert_eq!(service.it["user"], user, "{}", pod.name());
    });
}

/// In Kubernetes, `command` is the entry point. Our image has none, so that both are the same there.
#[test]
fn programs_and_arguments_are_those_of_compose() {
    each_pair(|_, pod, service| {
        let container = pod.container();
        let run = [strings(&container["command"]), strings(&container["args"])];
        assert_eq!(run.concat(), service.argv(), "{}", pod.name());
        let has_entry = service.it["entrypoint"].is_array() || service.is_ours();
        assert_eq!(container["command"].is_array(), has_entry, "{}", pod.name());
    });
}

#[test]
fn memory_is_limited_as_in_compose_and_reserved() {
    each_pair(|_, pod, service| {
        let limit = text(&service.it, "/mem_limit").replace('m', "Mi");
        let resources = &pod.container()["resources"];
        let limits = json!({ "memory": limit });
        assert_eq!(resources["limits"], limits, "{}", pod.name());
        assert_eq!(resources["requests"]["memory"], limit, "{}", pod.name());
        assert!(resources["requests"]["cpu"].is_string(), "{}", pod.name());
    });
}

/// The savings of `stack/savings` are tried in compose and in the demo.
const ONLY_IN_COMPOSE: [&str; 4] = [
    "OTEL_TRACES_SAMPLER_ARG",
    "HEAD_SAMPLING",
    "TAIL_SAMPLING",
    "DROPPED_LOG_LEVELS",
];

/// Variables that other variables of the same pod refer to.
const HELPERS: [&str; 2] = ["POD_NAME", "STAGE"];

/// What differs: where a worker is reached, and in a cluster with a stack, where that is.
fn differs(overlay: &Overlay, pod: &Pod, variable: &str) -> bool {
    let of_workers = ["ADVERTISE_URL", "LISTEN_ADDR"];
    let of_the_stack = [
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "TRACE_QUERY_URL",
        "GRAFANA_URL",
    ];
    let is_worker = pod.name().starts_with("ktrdr-worker-");
    (is_worker && of_workers.contains(&variable))
        || (!overlay.is_learner() && of_the_stack.contains(&variable))
}

#[test]
fn variables_are_those_of_compose() {
    each_pair(|overlay, pod, service| {
        let environment = service.map("environment").into_iter();
        let environment = environment.filter(|(name, _)| !ONLY_IN_COMPOSE.contains(&name.as_str()));
        let mut expected: BTreeMap<String, String> = environment
            .map(|(name, value)| (name, value.as_str().expect("text").to_owned()))
            .collect();
        let mut own = overlay.environment(pod);
        own.retain(|name, _| expected.contains_key(name) || !HELPERS.contains(&name.as_str()));
        for (name, value) in &mut own {
            if differs(overlay, pod, name) {
                expected.insert(name.clone(), value.clone());
            }
        }
        assert_eq!(own, expected, "{}: {}", overlay.name, pod.name());
    });
}

/// The file of flags is in a ConfigMap, which is absent while no fault was ever on.
#[test]
fn pods_read_the_flags_of_faults_where_services_of_compose_do() {
    each_pair(|_, pod, service| {
        let mut volumes = list(&service.it, "/volumes").iter();
        let reads = volumes.any(|it| *it == "faults:/faults:ro");
        let volumes = list(pod.spec(), "/volumes").iter();
        let flags: Vec<_> = volumes.filter(|it| it["name"] == "faults").collect();
        assert_eq!(flags.len(), usize::from(reads), "{}", pod.name());
        if reads {
            let map = json!({ "name": "faults", "optional": true });
            assert_eq!(flags[0]["configMap"], map, "{}", pod.name());
            let mount = json!({ "name": "faults", "mountPath": "/faults", "readOnly": true });
            let mounts = list(pod.container(), "/volumeMounts");
            assert!(mounts.contains(&mount), "{}: {mounts:?}", pod.name());
        }
    });
}

#[test]
fn workers_say_where_their_pod_is() {
    each(|overlay| {
        let pods = overlay.pods();
        let is_worker = |pod: &&Pod| pod.name().starts_with("ktrdr-worker-");
        for pod in pods.iter().filter(is_worker) {
            let environment = overlay.environment(pod);
            let port = &pod.container()["ports"][0]["containerPort"];
            assert_eq!(environment["LISTEN_ADDR"], format!("0.0.0.0:{port}"));
            let domain = text(pod.workload, "/spec/serviceName");
            let url = format!("http://<metadata.name>.{domain}:{port}");
            assert_eq!(environment["ADVERTISE_URL"], url, "{}", pod.name());
            assert_eq!(pod.workload["spec"]["replicas"], 3, "as in compose");
        }
    });
}

/// Workers in pods of their own need no port of their own.
#[test]
fn ports_are_those_on_which_the_container_listens() {
    each_pair(|_, pod, service| {
        let ports = list(pod.container(), "/ports").iter();
        let own: Vec<u64> = ports
            .filter_map(|it| it["containerPort"].as_u64())
            .collect();
        let mut listens: Vec<u64> = service.listens().into_iter().map(u64::from).collect();
        listens.dedup();
        if pod.name().starts_with("ktrdr-worker-") {
            listens = vec![5003];
        }
        assert_eq!(own, listens, "{}", pod.name());
    });
}

/// The command of every probe is the health check of compose.
#[test]
fn probes_run_the_health_check_of_compose() {
    each_pair(|_, pod, service| {
        let check = service.it["healthcheck"]["test"].as_array();
        let check = check.map(|it| Value::from(&it[1..]));
        for kind in ["startupProbe", "readinessProbe", "livenessProbe"] {
            let probe = &pod.container()[kind];
            // Restarting a server with data because it is slow makes it slower.
            let is_wanted = kind != "livenessProbe" || service.is_ours();
            let expected = check.clone().filter(|_| is_wanted);
            let command = probe.pointer("/exec/command").cloned();
            assert_eq!(command, expected, "{}: {kind}", pod.name());
            if command.is_some() {
                assert_eq!(probe["timeoutSeconds"], 5, "{}", pod.name());
            }
        }
    });
}

/// As long as compose waits after the signal, and before it, the time in which other pods learn that
/// this one ends.
#[test]
fn a_pod_has_the_time_to_drain_that_compose_gives() {
    each_pair(|_, pod, service| {
        if pod.workload["kind"] == "CronJob" {
            return;
        }
        let sleep = pod.container().pointer("/lifecycle/preStop/sleep/seconds");
        let sleep = sleep.and_then(Value::as_u64).unwrap_or(0);
        let serves = service.is_ours() && service.environment("LISTEN_ADDR").is_some();
        assert_eq!(sleep > 0, serves, "{}", pod.name());
        let stop = service.it["stop_grace_period"].as_str().unwrap_or("10s");
        let stop: u64 = stop.trim_end_matches('s').parse().expect("seconds");
        let grace = pod.spec()["terminationGracePeriodSeconds"].as_u64();
        assert_eq!(grace, Some(sleep + stop), "{}", pod.name());
    });
}

#[test]
fn the_labels_of_a_pod_are_those_of_its_container() {
    each_pair(|_, pod, service| {
        // In compose, the exporter's labels are in the file of its target.
        if pod.name() == "postgres-exporter" {
            return;
        }
        for name in ["logs", "service", "job", "usage", "traces"] {
            let name = format!("observability.{name}");
            let expected = service.label(&name);
            let own = pod.label(&name);
            assert_eq!(own, expected.as_deref(), "{}: {name}", pod.name());
        }
    });
}
