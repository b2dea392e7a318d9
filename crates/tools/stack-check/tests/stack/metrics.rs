//! Prometheus: its targets, its writers, and its retention.

use serde_json::Value;
use stages::{Component, Stage};

use crate::files::{assert_reachable, assert_reachable_among, service, strings, yaml};
use crate::projects::{Project, projects};

/// A group of targets in a file.
struct Group {
    targets: Vec<String>,
    labels: Value,
}

fn groups(file: &str) -> Vec<Group> {
    let groups = yaml(&format!("stack/prometheus/targets/{file}"));
    let groups = groups.as_array().expect("a list");
    groups
        .iter()
        .map(|group| Group {
            targets: strings(&group["targets"]),
            labels: group["labels"].clone(),
        })
        .collect()
}

/// The files of a running stage.
fn groups_of(project: &Project) -> Vec<Group> {
    let mut all = groups(&format!("stage{}.yml", project.stage));
    all.extend(groups("ktrdr.yml"));
    all
}

#[test]
fn every_target_is_a_container_that_listens_there() {
    for project in projects() {
        let running = project.running();
        for target in groups_of(&project).iter().flat_map(|group| &group.targets) {
            assert_reachable_among(&running, target, "stack/prometheus/targets");
        }
    }
}

#[test]
fn every_program_of_ours_that_listens_is_scraped() {
    for project in projects() {
        let groups = groups_of(&project);
        for service in project.running().iter().filter(|service| service.is_ours()) {
            for port in service
                .environment("LISTEN_ADDR")
                .iter()
                .map(|_| service.listens()[0])
            {
                let target = format!("{}:{port}", service.container());
                let scraped = groups.iter().any(|group| group.targets.contains(&target));
                assert!(scraped, "stage {}: no target {target}", project.stage);
            }
        }
    }
}

/// Metrics and log lines of a container must have the same values for these labels.
#[test]
fn targets_and_containers_have_the_same_job_and_service() {
    for project in projects() {
        for group in groups_of(&project) {
            for target in &group.targets {
                let (host, _) = target.split_once(':').expect("a port");
                let container = project.container(host);
                if !container.is_ours() {
                    continue;
                }
                let job = container.label("observability.job");
                assert_eq!(group.labels["job"].as_str(), job.as_deref(), "{host}");
                let name = container.label("observability.service");
                assert_eq!(group.labels["service"].as_str(), name.as_deref(), "{host}");
            }
        }
    }
}

#[test]
fn workers_have_the_type_that_they_are_started_with() {
    for group in groups("ktrdr.yml") {
        for target in &group.targets {
            let (host, _) = target.split_once(':').expect("a port");
            let own = service(host).environment("WORKER_TYPE");
            assert_eq!(
                group.labels["worker_type"].as_str(),
                own.as_deref(),
                "{host}"
            );
        }
    }
}

/// Other stages have the same names with another number. PostgreSQL is scraped through its
/// exporter, whose name is the same in every stage.
#[test]
fn every_stage_file_is_about_its_own_stage() {
    for stage in Stage::ALL {
        let path = format!("stack/prometheus/targets/stage{stage}.yml");
        let groups = groups(&format!("stage{stage}.yml"));
        let exporters = groups
            .iter()
            .filter(|it| it.labels["service"] == "postgres");
        assert_eq!(
            exporters.count(),
            usize::from(stage.runs(Component::Postgres)),
            "{path}"
        );
        for group in groups {
            let name = group.labels["service"].as_str().expect("a service");
            let job = stage.job(name);
            let target = match name {
                "postgres" => "postgres-exporter:9187".to_owned(),
                _ => format!("{job}:8000"),
            };
            assert_eq!(group.targets, [target], "{path}");
            assert_eq!(group.labels["job"], job.as_str(), "{path}");
            assert_eq!(group.labels["stage"], stage.to_string().as_str(), "{path}");
        }
    }
}

#[test]
fn the_stack_scrapes_itself_where_it_listens() {
    let config = yaml("stack/prometheus/prometheus.yml");
    let jobs = config["scrape_configs"].as_array().expect("a list");
    let mut seen = Vec::new();
    for job in jobs {
        for group in job["static_configs"].as_array().into_iter().flatten() {
            for target in strings(&group["targets"]) {
                if !target.starts_with("127.0.0.1:") {
                    assert_reachable(&target, "stack/prometheus/prometheus.yml");
                }
                seen.push(job["job_name"].as_str().expect("a name").to_owned());
            }
        }
    }
    seen.sort();
    assert_eq!(seen, ["alloy", "loki", "prometheus", "tempo"]);
}

#[test]
fn target_files_are_mounted_at_the_paths_of_prometheus() {
    let config = yaml("stack/prometheus/prometheus.yml");
    let jobs = config["scrape_configs"].as_array().expect("a list");
    let discoveries = jobs
        .iter()
        .flat_map(|job| job["file_sd_configs"].as_array());
    let files: Vec<String> = discoveries
        .flatten()
        .flat_map(|sd| strings(&sd["files"]))
        .collect();
    assert!(!files.is_empty());
    let mounts = service("prometheus").binds();
    for file in files {
        let mounted = mounts.iter().any(|(_, target, _)| *target == file);
        assert!(mounted, "no file is mounted at {file}");
    }
}

#[test]
fn tempo_writes_to_the_receiver_of_prometheus() {
    let tempo = yaml("stack/tempo/tempo.yaml");
    let writes = &tempo["metrics_generator"]["storage"]["remote_write"][0];
    assert_eq!(writes["url"], "http://prometheus:9090/api/v1/write");
    assert_eq!(writes["send_exemplars"], true);
    let command = service("prometheus").list("command");
    for flag in [
        "--web.enable-remote-write-receiver",
        "--enable-feature=exemplar-storage",
    ] {
        assert!(
            command.iter().any(|given| given == flag),
            "prometheus runs without {flag}"
        );
    }
    let processors = strings(&tempo["overrides"]["defaults"]["metrics_generator"]["processors"]);
    assert_eq!(processors, ["service-graphs", "span-metrics"]);
}

#[test]
fn retention_is_at_most_two_days() {
    let command = service("prometheus").list("command");
    for bound in [
        "--storage.tsdb.retention.time=2d",
        "--storage.tsdb.retention.size=512MB",
    ] {
        assert!(
            command.iter().any(|given| given == bound),
            "prometheus runs without {bound}"
        );
    }
    let loki = yaml("stack/loki/loki.yaml");
    assert_eq!(loki["limits_config"]["retention_period"], "48h");
    assert_eq!(loki["compactor"]["retention_enabled"], true);
    let tempo = yaml("stack/tempo/tempo.yaml");
    assert_eq!(
        tempo["backend_worker"]["compaction"]["block_retention"],
        "24h"
    );
}
