//! The six stages: their env files agree with docker-compose.yml and with the fixed ports.

use std::collections::BTreeMap;

use stages::{Component, Stage};

use crate::files::{Service, root, services_with, text};
use crate::variables::{Variables, env};

/// docker-compose.yml with the variables of `stack/stages/N.env`.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) stage: Stage,
    pub(crate) env: Variables,
    /// All services, including those of other stages and of profiles.
    pub(crate) services: Vec<Service>,
}

/// The projects of all stages, in order.
pub(crate) fn projects() -> Vec<Project> {
    Stage::ALL.into_iter().map(project).collect()
}

/// The project of one stage.
pub(crate) fn project(stage: Stage) -> Project {
    let env = env(&path(stage));
    let services = services_with(&env);
    Project {
        stage,
        env,
        services,
    }
}

fn path(stage: Stage) -> String {
    format!("stack/stages/{stage}.env")
}

impl Project {
    /// The services that `up` starts.
    pub(crate) fn running(&self) -> Vec<Service> {
        let running = self.services.iter().filter(|service| service.is_default());
        running.cloned().collect()
    }

    pub(crate) fn service(&self, name: &str) -> &Service {
        let found = self.services.iter().find(|service| service.name == name);
        found.unwrap_or_else(|| panic!("docker-compose.yml has no service {name}"))
    }

    /// The service with that container name.
    pub(crate) fn container(&self, name: &str) -> &Service {
        let found = self.services.iter().find(|it| it.container() == name);
        found.unwrap_or_else(|| panic!("stage {}: no container {name}", self.stage))
    }

    fn runs(&self, name: &str) -> bool {
        self.service(name).is_default()
    }
}

/// The services that not every stage runs, as named in docker-compose.yml.
const OF_STAGES: [(&str, Component); 6] = [
    ("dice-roller", Component::DiceRoller),
    ("frontend", Component::Frontend),
    ("die-service", Component::DieService),
    ("postgres", Component::Postgres),
    ("postgres-exporter", Component::Postgres),
    ("usage-sink", Component::UsageSink),
];

#[test]
fn each_stage_runs_its_components_and_no_others() {
    for project in projects() {
        let stage = project.stage;
        for (name, component) in OF_STAGES {
            let runs = stage.runs(component);
            assert_eq!(project.runs(name), runs, "stage {stage}: {name}");
        }
    }
}

/// All other services run in every stage, so that `diff` of two stages shows only what is new.
#[test]
fn services_that_are_not_components_run_in_all_stages() {
    let expected: Vec<String> = names_outside_stages(&project(Stage::DEFAULT));
    for project in projects() {
        assert_eq!(
            names_outside_stages(&project),
            expected,
            "{}",
            project.stage
        );
    }
}

fn names_outside_stages(project: &Project) -> Vec<String> {
    let running = project.running().into_iter().map(|service| service.name);
    running
        .filter(|name| OF_STAGES.iter().all(|(of_a_stage, _)| of_a_stage != name))
        .collect()
}

#[test]
fn published_ports_are_the_documented_ones() {
    let of_all_stages = [
        ("grafana", vec![(3000, 3000)]),
        ("prometheus", vec![(9090, 9090)]),
        ("alertmanager", vec![(9093, 9093)]),
        ("loki", vec![(3100, 3100)]),
        ("tempo", vec![(3200, 3200)]),
        ("alloy", vec![(12345, 12345), (4317, 4317), (4318, 4318)]),
        ("jaeger", vec![(16686, 16686)]),
    ];
    for project in projects() {
        let mut told: BTreeMap<&str, Vec<(u16, u16)>> = of_all_stages.clone().into();
        // usage-sink accepts lines from Alloy only.
        let published = Component::ALL
            .into_iter()
            .filter(|it| *it != Component::UsageSink);
        told.extend(published.filter_map(|component| {
            let port = project.stage.port(component)?;
            Some((component.name(), vec![(port, 8000)]))
        }));
        let all = project.services.iter();
        for service in all.filter(|it| it.is_of_the_stage()) {
            let expected = told.get(&*service.name).cloned().unwrap_or_default();
            let at = format!("stage {}: {}", project.stage, service.name);
            assert_eq!(service.ports(), expected, "{at}");
        }
    }
}

#[test]
fn no_port_is_published_twice() {
    for project in projects() {
        let all = project.services.iter().filter(|it| it.is_of_the_stage());
        let mut ports: Vec<u16> = all
            .flat_map(|service| service.ports().into_iter().map(|(host, _)| host))
            .collect();
        ports.sort_unstable();
        let all = ports.len();
        ports.dedup();
        assert_eq!(ports.len(), all, "stage {}: {ports:?}", project.stage);
    }
}

/// The name consists of the service's name and the stage's number.
#[test]
fn the_services_of_a_stage_have_its_number_in_their_names() {
    for project in projects() {
        for name in [
            "die-service",
            "dice-roller",
            "frontend",
            "usage-sink",
            "prober",
        ] {
            let service = project.service(name);
            let expected = project.stage.job(name);
            assert_eq!(service.container(), expected);
            let said = service.label("observability.service");
            assert_eq!(said.as_deref(), Some(name));
            let job = service.label("observability.job");
            assert_eq!(job, Some(expected), "the Prometheus job");
        }
        for name in ["postgres", "postgres-exporter"] {
            assert_eq!(project.service(name).container(), name);
        }
    }
}

/// A stage is a topology: a service is configured with URLs, never with the stage.
#[test]
fn no_service_is_configured_with_its_stage() {
    for project in projects() {
        let told_by_name = ["doctor", "drill", "faults", "grafana"];
        let ours = project.services.iter().filter(|it| it.is_ours());
        for service in ours.filter(|it| !told_by_name.contains(&&*it.name)) {
            let environment = service.map("environment");
            assert!(!environment.contains_key("STAGE"), "{}", service.name);
            // The link to the stage's dashboard is for the browser.
            let values = environment
                .iter()
                .filter(|(name, _)| *name != "GRAFANA_DASHBOARD");
            for (name, value) in values {
                let value = value.as_str().unwrap_or_default();
                assert!(!value.contains("stage"), "{}: {name}={value}", service.name);
            }
        }
    }
}

#[test]
fn urls_lead_to_services_of_the_stage() {
    for project in projects() {
        let dice = project.env["DIE_SERVICE_URL"].is_empty();
        assert_ne!(dice, project.runs("die-service"), "stage {}", project.stage);
        for name in ["dice-roller", "frontend"] {
            let url = project.service(name).environment("DIE_SERVICE_URL");
            assert_eq!(
                url.as_ref(),
                Some(&project.env["DIE_SERVICE_URL"]),
                "{name}"
            );
        }
        let database = project.service("die-service").environment("DATABASE_URL");
        let none = database.expect("a variable").is_empty();
        assert_ne!(none, project.runs("postgres"), "stage {}", project.stage);
        let asked = project.service("traffic-gen").environment("FRONTEND_URL");
        let first = if project.runs("frontend") {
            "frontend"
        } else {
            "dice-roller"
        };
        assert_eq!(
            asked,
            Some(format!("http://{first}:8000")),
            "stage {}",
            project.stage
        );
    }
}

#[test]
fn users_request_only_endpoints_of_the_stage() {
    for project in projects() {
        let traffic = project.service("traffic-gen");
        let only_rolls = traffic.environment("ONLY_ROLLS").expect("a flag");
        assert_eq!(
            only_rolls == "true",
            !project.runs("frontend"),
            "{}",
            project.stage
        );
        let batches = traffic.environment("ASYNC_PROBABILITY").expect("a share");
        assert_eq!(
            batches != "0",
            project.stage >= Stage::Four,
            "stage {}",
            project.stage
        );
    }
}

/// Otherwise `diff` of two stages would be unreadable.
#[test]
fn every_stage_sets_the_same_variables_in_the_same_order() {
    let ports = |name: &String| name.ends_with("_PORT");
    let order = |stage: Stage| -> Vec<String> {
        let file = text(&path(stage));
        let lines = file.lines().filter(|line| !line.starts_with('#'));
        let names = lines.filter_map(|line| line.split_once('='));
        names
            .map(|(name, _)| name.to_owned())
            .filter(|name| !ports(name))
            .collect()
    };
    for stage in Stage::ALL {
        assert_eq!(order(stage), order(Stage::DEFAULT), "{}", path(stage));
    }
    for project in projects() {
        assert_eq!(project.env["STAGE"], project.stage.to_string());
        for name in project.env.keys().filter(|name| ports(name)) {
            let service = name
                .trim_end_matches("_PORT")
                .to_lowercase()
                .replace('_', "-");
            assert!(
                project.runs(&service),
                "stage {} has no {service}",
                project.stage
            );
        }
    }
}

#[test]
fn dot_env_is_the_default_stage() {
    let default = env(".env");
    for (name, value) in &project(Stage::DEFAULT).env {
        assert_eq!(default.get(name), Some(value), ".env: {name}");
    }
    let targets = format!("stack/prometheus/targets/stage{}.yml", Stage::DEFAULT);
    assert!(root().join(targets).exists());
}
