//! The six stages: their env files with docker-compose.yml and with what people were told.

use std::collections::BTreeMap;

use crate::files::{Service, root, services_with, text};
use crate::variables::{Variables, env};

/// What `docker compose --env-file stack/stages/N.env` makes of docker-compose.yml.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) number: u8,
    pub(crate) env: Variables,
    /// All of them, those of other stages and of profiles included.
    pub(crate) services: Vec<Service>,
}

/// The stages in their order.
pub(crate) fn stages() -> Vec<Stage> {
    (1..=6)
        .map(|number| {
            let env = env(&path(number));
            let services = services_with(&env);
            Stage {
                number,
                env,
                services,
            }
        })
        .collect()
}

fn path(number: u8) -> String {
    format!("stack/stages/{number}.env")
}

impl Stage {
    /// What `up` starts.
    pub(crate) fn running(&self) -> Vec<Service> {
        let running = self.services.iter().filter(|service| service.is_default());
        running.cloned().collect()
    }

    pub(crate) fn service(&self, name: &str) -> &Service {
        let found = self.services.iter().find(|service| service.name == name);
        found.unwrap_or_else(|| panic!("docker-compose.yml has no service {name}"))
    }

    /// The service whose container is called that.
    pub(crate) fn container(&self, name: &str) -> &Service {
        let found = self.services.iter().find(|it| it.container() == name);
        found.unwrap_or_else(|| panic!("stage {}: no container {name}", self.number))
    }

    fn runs(&self, name: &str) -> bool {
        self.service(name).is_default()
    }
}

/// The services that not every stage has, each with the first that does.
const FROM: [(&str, u8); 6] = [
    ("dice-roller", 1),
    ("frontend", 2),
    ("die-service", 3),
    ("postgres", 5),
    ("postgres-exporter", 5),
    ("usage-sink", 6),
];

#[test]
fn each_stage_has_the_services_of_the_one_before_and_its_own() {
    for stage in stages() {
        for (name, first) in FROM {
            let expected = stage.number >= first;
            assert_eq!(stage.runs(name), expected, "stage {}: {name}", stage.number);
        }
    }
}

/// Everything else is there in every stage, or `diff` of two stages would not be the lesson.
#[test]
fn what_is_not_of_a_stage_runs_in_all_of_them() {
    let expected: Vec<String> = names_outside_stages(&stages()[3]);
    for stage in stages() {
        assert_eq!(names_outside_stages(&stage), expected, "{}", stage.number);
    }
}

fn names_outside_stages(stage: &Stage) -> Vec<String> {
    let running = stage.running().into_iter().map(|service| service.name);
    running
        .filter(|name| FROM.iter().all(|(of_a_stage, _)| of_a_stage != name))
        .collect()
}

#[test]
fn published_ports_are_the_ones_people_were_told() {
    let of_all_stages = [
        ("grafana", vec![(3000, 3000)]),
        ("prometheus", vec![(9090, 9090)]),
        ("loki", vec![(3100, 3100)]),
        ("tempo", vec![(3200, 3200)]),
        ("alloy", vec![(12345, 12345), (4317, 4317), (4318, 4318)]),
        ("jaeger", vec![(16686, 16686)]),
    ];
    let of_stages: [&[(&str, u16)]; 6] = [
        &[("dice-roller", 8100)],
        &[("dice-roller", 8101), ("frontend", 8102)],
        &[
            ("die-service", 8103),
            ("dice-roller", 8104),
            ("frontend", 8105),
        ],
        &[
            ("die-service", 8106),
            ("dice-roller", 8107),
            ("frontend", 8108),
        ],
        &[
            ("die-service", 8109),
            ("dice-roller", 8110),
            ("frontend", 8111),
        ],
        &[
            ("die-service", 8112),
            ("dice-roller", 8113),
            ("frontend", 8114),
        ],
    ];
    for (stage, own) in stages().iter().zip(of_stages) {
        let mut told: BTreeMap<&str, Vec<(u16, u16)>> = of_all_stages.clone().into();
        told.extend(own.iter().map(|(name, port)| (*name, vec![(*port, 8000)])));
        let all = stage.services.iter();
        for service in all.filter(|it| it.is_of_the_stage()) {
            let expected = told.get(&*service.name).cloned().unwrap_or_default();
            assert_eq!(
                service.ports(),
                expected,
                "stage {}: {}",
                stage.number,
                service.name
            );
        }
    }
}

#[test]
fn no_port_is_published_twice() {
    for stage in stages() {
        let all = stage.services.iter().filter(|it| it.is_of_the_stage());
        let mut ports: Vec<u16> = all
            .flat_map(|service| service.ports().into_iter().map(|(host, _)| host))
            .collect();
        ports.sort_unstable();
        let all = ports.len();
        ports.dedup();
        assert_eq!(ports.len(), all, "stage {}: {ports:?}", stage.number);
    }
}

/// The stage's number is in the name; the rest is the service's name.
#[test]
fn the_services_of_a_stage_have_its_number_in_their_names() {
    for stage in stages() {
        for name in ["die-service", "dice-roller", "frontend", "usage-sink"] {
            let service = stage.service(name);
            let expected = format!("{name}-stage{}", stage.number);
            assert_eq!(service.container(), expected);
            let said = service.label("observability.service");
            assert_eq!(said.as_deref(), Some(name));
            let job = service.label("observability.job");
            assert_eq!(job, Some(expected), "the Prometheus job");
        }
        for name in ["postgres", "postgres-exporter"] {
            assert_eq!(stage.service(name).container(), name);
        }
    }
}

/// A stage is a topology: what a service itself is told is URLs, never the stage.
#[test]
fn no_service_is_told_its_stage() {
    for stage in stages() {
        let told_by_name = ["doctor", "grafana"];
        let ours = stage.services.iter().filter(|it| it.is_ours());
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
fn urls_lead_to_what_the_stage_has() {
    for stage in stages() {
        let dice = stage.env["DIE_SERVICE_URL"].is_empty();
        assert_ne!(dice, stage.runs("die-service"), "stage {}", stage.number);
        for name in ["dice-roller", "frontend"] {
            let url = stage.service(name).environment("DIE_SERVICE_URL");
            assert_eq!(url.as_ref(), Some(&stage.env["DIE_SERVICE_URL"]), "{name}");
        }
        let database = stage.service("die-service").environment("DATABASE_URL");
        let none = database.expect("a variable").is_empty();
        assert_ne!(none, stage.runs("postgres"), "stage {}", stage.number);
        let asked = stage.service("traffic-gen").environment("FRONTEND_URL");
        let first = if stage.runs("frontend") {
            "frontend"
        } else {
            "dice-roller"
        };
        assert_eq!(
            asked,
            Some(format!("http://{first}:8000")),
            "stage {}",
            stage.number
        );
    }
}

#[test]
fn people_ask_only_what_the_stage_answers() {
    for stage in stages() {
        let traffic = stage.service("traffic-gen");
        let only_rolls = traffic.environment("ONLY_ROLLS").expect("a flag");
        assert_eq!(
            only_rolls == "true",
            !stage.runs("frontend"),
            "{}",
            stage.number
        );
        let batches = traffic.environment("ASYNC_PROBABILITY").expect("a share");
        assert_eq!(batches != "0", stage.number >= 4, "stage {}", stage.number);
    }
}

/// Or nobody could read what changed between two of them.
#[test]
fn every_stage_says_the_same_things_in_the_same_order() {
    let ports = |name: &String| name.ends_with("_PORT");
    let order = |number: u8| -> Vec<String> {
        let file = text(&path(number));
        let lines = file.lines().filter(|line| !line.starts_with('#'));
        let names = lines.filter_map(|line| line.split_once('='));
        names
            .map(|(name, _)| name.to_owned())
            .filter(|name| !ports(name))
            .collect()
    };
    for number in 1..=6 {
        assert_eq!(order(number), order(4), "{}", path(number));
    }
    for stage in stages() {
        assert_eq!(stage.env["STAGE"], stage.number.to_string());
        for name in stage.env.keys().filter(|name| ports(name)) {
            let service = name
                .trim_end_matches("_PORT")
                .to_lowercase()
                .replace('_', "-");
            assert!(
                stage.runs(&service),
                "stage {} has no {service}",
                stage.number
            );
        }
    }
}

#[test]
fn the_default_is_stage_4() {
    let default = env(".env");
    for (name, value) in &stages()[3].env {
        assert_eq!(default.get(name), Some(value), ".env: {name}");
    }
    assert!(root().join("stack/prometheus/targets/stage4.yml").exists());
}
