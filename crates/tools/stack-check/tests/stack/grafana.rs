//! Grafana: its datasources and dashboards.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::files::{addresses, assert_reachable, root, service, text, yaml};
use crate::projects::projects;

const PROVISIONING: &str = "stack/grafana/provisioning";

fn datasources() -> Vec<Value> {
    let file = yaml(&format!("{PROVISIONING}/datasources/datasources.yaml"));
    file["datasources"].as_array().expect("a list").clone()
}

pub(crate) fn datasource(uid: &str) -> Value {
    let found = datasources()
        .into_iter()
        .find(|source| source["uid"] == uid);
    found.unwrap_or_else(|| panic!("there is no datasource {uid}"))
}

/// Every compiled dashboard, by file name.
fn dashboards() -> Vec<(String, Value)> {
    let folder = std::fs::read_dir(root().join("dashboards")).expect("a folder");
    let files = folder.map(|entry| entry.expect("readable").file_name());
    let names = files.map(|name| name.into_string().expect("a name"));
    names
        .filter(|name| name.ends_with(".json"))
        .map(|name| {
            let json = serde_json::from_str(&text(&format!("dashboards/{name}")));
            let json = json.unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, json)
        })
        .collect()
}

/// Every value of `key` in a JSON tree.
fn every<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| every(value, key, found)),
        Value::Object(map) => {
            found.extend(map.get(key));
            map.values().for_each(|value| every(value, key, found));
        }
        _ => {}
    }
}

#[test]
fn datasources_are_where_the_containers_listen() {
    for source in datasources() {
        let url = source["url"].as_str().expect("a URL");
        let found = addresses(url);
        // A database has an address instead of a URL.
        let address = found.first().copied().unwrap_or(url);
        assert_reachable(address, &format!("datasource {}", source["uid"]));
    }
}

#[test]
fn links_between_datasources_lead_to_existing_ones() {
    let uids: Vec<Value> = datasources()
        .iter()
        .map(|source| source["uid"].clone())
        .collect();
    for source in datasources() {
        let mut linked = Vec::new();
        every(&source["jsonData"], "datasourceUid", &mut linked);
        for uid in linked {
            assert!(uids.contains(uid), "{}: there is no {uid}", source["uid"]);
        }
    }
}

#[test]
fn every_link_between_the_signals_exists() {
    let prometheus = datasource("prometheus");
    let exemplars = &prometheus["jsonData"]["exemplarTraceIdDestinations"][0];
    assert_eq!(exemplars["datasourceUid"], "tempo", "exemplar -> trace");
    let loki = datasource("loki");
    let fields = &loki["jsonData"]["derivedFields"][0];
    assert_eq!(fields["datasourceUid"], "tempo", "log line -> trace");
    let tempo = datasource("tempo");
    let ways = &tempo["jsonData"];
    assert_eq!(
        ways["tracesToLogsV2"]["datasourceUid"], "loki",
        "trace -> log lines"
    );
    assert_eq!(
        ways["tracesToMetrics"]["datasourceUid"], "prometheus",
        "trace -> metrics"
    );
    assert_eq!(
        ways["serviceMap"]["datasourceUid"], "prometheus",
        "service map"
    );
}

#[test]
fn grafana_shows_the_alerts_of_prometheus_and_alertmanager() {
    assert_eq!(datasource("prometheus")["jsonData"]["manageAlerts"], true);
    let alertmanager = datasource("alertmanager");
    assert_eq!(alertmanager["jsonData"]["implementation"], "prometheus");
    assert_eq!(
        alertmanager["jsonData"]["handleGrafanaManagedAlerts"],
        false
    );
}

#[test]
fn exemplars_have_the_label_that_grafana_follows() {
    let prometheus = datasource("prometheus");
    let label = &prometheus["jsonData"]["exemplarTraceIdDestinations"][0]["name"];
    let tempo = yaml("stack/tempo/tempo.yaml");
    let written = &tempo["overrides"]["defaults"]["metrics_generator"]["trace_id_label_name"];
    assert_eq!(label, written);
}

#[test]
fn grafana_knows_the_scrape_interval() {
    let prometheus = yaml("stack/prometheus/prometheus.yml");
    let interval = &prometheus["global"]["scrape_interval"];
    assert_eq!(
        &datasource("prometheus")["jsonData"]["timeInterval"],
        interval
    );
}

#[test]
fn live_results_are_on_at_both_ends() {
    assert_eq!(
        datasource("tempo")["jsonData"]["streamingEnabled"]["search"],
        true
    );
    assert_eq!(
        yaml("stack/tempo/tempo.yaml")["stream_over_http_enabled"],
        true
    );
}

#[test]
fn dashboards_use_existing_datasources() {
    let mut known: BTreeSet<String> = BTreeSet::new();
    for source in datasources() {
        known.insert(source["uid"].as_str().expect("a uid").to_owned());
        // A list of alerts names its datasource.
        known.insert(source["name"].as_str().expect("a name").to_owned());
    }
    for (file, dashboard) in dashboards() {
        let mut used = Vec::new();
        every(&dashboard, "datasource", &mut used);
        every(&dashboard, "datasourceUid", &mut used);
        assert!(!used.is_empty(), "{file}");
        for source in used {
            let uid = source["uid"].as_str().or(source.as_str());
            let uid = uid.unwrap_or_else(|| panic!("{file}: {source} has no uid"));
            let own = uid.starts_with("--") || uid.starts_with('$');
            assert!(
                own || known.contains(uid),
                "{file}: there is no datasource {uid}"
            );
        }
    }
}

#[test]
fn the_dashboards_are_mounted_at_the_path_of_the_provider() {
    let provider = yaml(&format!("{PROVISIONING}/dashboards/dashboards.yaml"));
    let path = provider["providers"][0]["options"]["path"]
        .as_str()
        .expect("a path");
    let mounts = service("grafana").binds();
    let at = |target: &str| {
        mounts
            .iter()
            .find(|mount| mount.1 == target)
            .map(|mount| &*mount.0)
    };
    assert_eq!(at(path), Some("./dashboards"));
    for folder in ["datasources", "dashboards"] {
        let source = format!("./{PROVISIONING}/{folder}");
        let target = format!("/etc/grafana/provisioning/{folder}");
        assert_eq!(at(&target), Some(source.as_str()));
    }
    for project in projects() {
        let grafana = project.service("grafana");
        let home = grafana.environment("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH");
        let file = format!("stage{}-dashboard.json", project.stage);
        assert_eq!(home, Some(format!("{path}/{file}")));
        assert!(root().join("dashboards").join(&file).exists(), "no {file}");
    }
}

/// Grafana serves the folder `public` of its installation as /public.
#[test]
fn alerts_link_to_runbooks_that_grafana_serves() {
    let grafana = service("grafana");
    let (port, _) = grafana.ports()[0];
    let path = slo::RUNBOOKS.strip_prefix(&format!("http://localhost:{port}/"));
    let path = path.expect("an address of Grafana");
    let mounts = grafana.binds();
    let target = format!("/usr/share/grafana/{path}");
    let mounted = mounts.iter().find(|(_, to, _)| *to == target);
    assert_eq!(mounted.map(|(from, ..)| &**from), Some("./docs/runbooks"));
}

/// With 10 s or less, Grafana would rely on inotify, which bind mounts do not support.
#[test]
fn changed_dashboards_are_polled_for() {
    let provider = yaml(&format!("{PROVISIONING}/dashboards/dashboards.yaml"));
    let seconds = provider["providers"][0]["updateIntervalSeconds"].as_u64();
    assert!(seconds.is_some_and(|seconds| seconds > 10), "{seconds:?}");
}

#[test]
fn the_dashboards_of_the_doctor_and_the_page_are_provisioned() {
    let uids: Vec<Value> = dashboards()
        .into_iter()
        .map(|(_, it)| it["uid"].clone())
        .collect();
    let wanted = [
        "ktrdr-system-overview",
        "ktrdr-worker-status",
        "ktrdr-operations",
    ];
    for uid in wanted {
        assert!(uids.contains(&uid.into()), "no dashboard {uid} in {uids:?}");
    }
    for project in projects() {
        let linked = project.service("frontend").environment("GRAFANA_DASHBOARD");
        let linked = linked.expect("a uid");
        assert_eq!(linked, project.stage.dashboard_uid());
        assert!(uids.contains(&linked.into()), "stage {}", project.stage);
    }
}

#[test]
fn grafana_starts_by_the_script_that_is_mounted() {
    let grafana = service("grafana");
    let entrypoint = grafana.list("entrypoint");
    let mounts = grafana.binds();
    // Run by the shell, because an archive of the project may have lost the file mode.
    let script = mounts
        .iter()
        .find(|mount| entrypoint == ["/bin/sh", mount.1.as_str()]);
    let (source, ..) = script.expect("the entrypoint is mounted");
    assert!(text(source).starts_with("#!/bin/sh\n"), "{source}");
}

#[test]
fn no_password_in_this_repository_allows_a_login() {
    let grafana = service("grafana");
    let names: Vec<String> = grafana.map("environment").keys().cloned().collect();
    assert!(
        !names.iter().any(|name| name.contains("PASSWORD")),
        "{names:?}"
    );
}

/// Viewers have no access to Explore; the setting that gave it to them is deprecated.
#[test]
fn anonymous_users_are_editors_but_cannot_edit_provisioned_dashboards() {
    let grafana = service("grafana");
    let role = grafana.environment("GF_AUTH_ANONYMOUS_ORG_ROLE");
    assert_eq!(role.as_deref(), Some("Editor"));
    assert_eq!(grafana.environment("GF_USERS_VIEWERS_CAN_EDIT"), None);
    let provisioning = "stack/grafana/provisioning";
    let dashboards = yaml(&format!("{provisioning}/dashboards/dashboards.yaml"));
    for provider in dashboards["providers"].as_array().expect("providers") {
        assert_eq!(provider["allowUiUpdates"], false, "{provider}");
        assert_eq!(provider["disableDeletion"], true, "{provider}");
    }
    let sources = yaml(&format!("{provisioning}/datasources/datasources.yaml"));
    for source in sources["datasources"].as_array().expect("datasources") {
        assert_ne!(source["editable"], true, "{source}");
    }
}

#[test]
fn the_refresh_of_every_dashboard_is_allowed() {
    let least = service("grafana").environment("GF_DASHBOARDS_MIN_REFRESH_INTERVAL");
    assert_eq!(least.as_deref(), Some("5s"));
    for (file, dashboard) in dashboards() {
        let refresh = dashboard["refresh"].as_str().unwrap_or("5s");
        let seconds: u32 = refresh.trim_end_matches('s').parse().expect("in seconds");
        assert!(seconds >= 5, "{file}: {refresh}");
    }
}
