//! Prometheus: its targets, its writers, and its retention.

use serde_json::Value;
use slo::Clock;
use stages::{Component, Stage};

use crate::files::{
    assert_reachable, assert_reachable_among, root, service, services_with, strings, yaml,
};
use crate::projects::{Project, projects};
use crate::variables::env;

/// A group of targets in a file.
pub(crate) struct Group {
    pub(crate) targets: Vec<String>,
    pub(crate) labels: Value,
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
pub(crate) fn groups_of(project: &Project) -> Vec<Group> {
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
    assert_eq!(
        seen,
        [
            "alertmanager",
            "alloy",
            "loki",
            "prometheus",
            "tempo",
            "tempo-usage"
        ]
    );
}

#[test]
fn alerts_go_to_the_alertmanager() {
    let config = yaml("stack/prometheus/prometheus.yml");
    let managers = &config["alerting"]["alertmanagers"][0]["static_configs"][0];
    for target in strings(&managers["targets"]) {
        assert_reachable(&target, "stack/prometheus/prometheus.yml");
    }
    let alertmanager = service("alertmanager");
    let command = alertmanager.list("command");
    let (source, target, _) = alertmanager.binds().remove(0);
    assert!(root().join(source).exists());
    assert!(command.contains(&format!("--config.file={target}")));
    assert!(
        command.contains(&"--cluster.listen-address=".to_owned()),
        "its gossip port is open"
    );
}

/// Links in alerts are for the browser.
#[test]
fn alerts_link_to_the_published_ports() {
    for name in ["prometheus", "alertmanager"] {
        let service = service(name);
        let (host, _) = service.ports()[0];
        let flag = format!("--web.external-url=http://localhost:{host}");
        assert!(
            service.list("command").contains(&flag),
            "{name} runs without {flag}"
        );
    }
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

/// The objectives count what the service with this label answers.
#[test]
fn the_front_door_is_the_service_that_users_talk_to() {
    for project in projects() {
        let url = project.service("traffic-gen").environment("FRONTEND_URL");
        let name = if project.stage.runs(Component::Frontend) {
            "frontend"
        } else {
            "dice-roller"
        };
        assert_eq!(url, Some(format!("http://{name}:8000")));
        let doors = groups_of(&project).into_iter();
        let doors = doors.filter(|group| group.labels["front_door"] == "true");
        let doors: Vec<_> = doors.map(|group| group.labels["service"].clone()).collect();
        assert_eq!(doors, [name], "stage {}", project.stage);
    }
}

#[test]
fn the_rules_of_each_clock_can_be_mounted_where_prometheus_reads_them() {
    let config = yaml("stack/prometheus/prometheus.yml");
    let read = strings(&config["rule_files"]);
    for clock in Clock::ALL {
        let variables = [("SLO_CLOCK".to_owned(), clock.to_string())];
        let services = services_with(&variables.into());
        let prometheus = services.iter().find(|service| service.name == "prometheus");
        let mounts = prometheus.expect("a container").binds();
        let source = format!("./stack/prometheus/rules/{clock}.yml");
        let mounted = mounts.iter().filter(|(from, ..)| *from == source);
        let targets: Vec<_> = mounted.map(|(_, target, _)| target.clone()).collect();
        assert_eq!(targets, read, "{clock}");
        assert!(root().join(&source).exists(), "{source}");
    }
}

/// Windows have at least four scrapes; the rules are generated for this interval.
#[test]
fn the_scrape_interval_is_that_of_the_default_clock() {
    let config = yaml("stack/prometheus/prometheus.yml");
    let interval = config["global"]["scrape_interval"].as_str();
    assert_eq!(interval, Some(&*Clock::Day.scrape().to_string()));
    let default = env(".env")["SLO_CLOCK"].clone();
    assert_eq!(default, Clock::Day.to_string());
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
