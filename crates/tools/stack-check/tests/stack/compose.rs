//! docker-compose.yml agrees with .env, with the programs' flags, and with itself.

use crate::files::{Service, addresses, assert_reachable_among, root, service, services, text};
use crate::projects::projects;
use crate::variables::{Variable, env, variables};

#[test]
fn every_variable_is_in_env_with_the_same_default() {
    let env = env(".env");
    let compose = text("docker-compose.yml");
    for Variable { name, default, .. } in variables(&compose) {
        // Set by the build, not in a file.
        if name == "DICE_REVISION" {
            continue;
        }
        let value = env.get(name);
        let value = value.unwrap_or_else(|| panic!(".env does not name {name}"));
        assert_eq!(value, default, "{name}: .env and docker-compose.yml differ");
    }
    for name in env.keys() {
        let used = variables(&compose).iter().any(|used| used.name == name);
        assert!(used, ".env: docker-compose.yml does not use {name}");
    }
}

#[test]
fn every_port_is_published_on_this_machine_only() {
    for service in services() {
        for port in service.list("ports") {
            assert!(port.starts_with("127.0.0.1:"), "{}: {port}", service.name);
        }
    }
}

#[test]
fn a_service_listens_where_its_port_is_published() {
    for service in services().iter().filter(|service| service.is_ours()) {
        let address = service.environment("LISTEN_ADDR");
        for (_, inside) in service.ports() {
            assert_eq!(
                address,
                Some(format!("0.0.0.0:{inside}")),
                "{}",
                service.name
            );
        }
    }
}

#[test]
fn every_url_leads_to_a_container_that_listens_there() {
    for project in projects() {
        let running = project.running();
        for service in &running {
            for (name, value) in service.map("environment") {
                let value = value.as_str().unwrap_or_default();
                let from = format!("stage {}: {}: {name}", project.stage, service.name);
                // URLs with localhost are for browsers.
                let inside = addresses(value).into_iter();
                for address in inside.filter(|url| !url.starts_with("localhost")) {
                    assert_reachable_among(&running, address, &from);
                }
            }
        }
    }
}

#[test]
fn workers_say_where_they_listen() {
    for worker in services()
        .iter()
        .filter(|service| service.name.starts_with("ktrdr-worker-"))
    {
        let advertised = worker.environment("ADVERTISE_URL").expect("a worker's URL");
        let port = worker.listens()[0];
        assert_eq!(advertised, format!("http://{}:{port}", worker.container()));
    }
}

/// The folders with the code that reads the variables of a program.
fn sources(program: &str) -> Vec<String> {
    let own = match program {
        "traffic-gen" => "traffic-gen/src".to_owned(),
        "doctor" | "drill" | "faultctl" => format!("crates/tools/{program}/src"),
        _ => format!("crates/services/{program}/src"),
    };
    let mut folders = vec![
        own,
        "crates/lib/service/src".to_owned(),
        "crates/lib/telemetry/src".to_owned(),
    ];
    if ["die-service", "usage-sink"].contains(&program) {
        folders.push("crates/lib/database/src".to_owned());
    }
    folders
}

#[test]
fn every_variable_of_our_programs_is_one_that_they_read() {
    for service in services().iter().filter(|service| service.is_ours()) {
        let program = program(service);
        let code: String = sources(&program)
            .iter()
            .map(|folder| code(folder))
            .collect();
        for name in service.map("environment").keys() {
            assert!(
                has_flag(&code, name),
                "{}: {program} has no flag for {name}",
                service.name
            );
        }
    }
}

/// Whether a flag reads that variable, by its name or by a constant with that name.
fn has_flag(code: &str, variable: &str) -> bool {
    let constant = format!(": &str = \"{variable}\";");
    let constants = code.lines().filter(|line| line.ends_with(&constant));
    let names = constants.filter_map(|line| line.split(':').next()?.split(' ').next_back());
    let names = names.map(str::to_owned);
    let mut names = names.chain([format!("\"{variable}\"")]);
    names.any(|name| code.contains(&format!("env = {name}")))
}

fn code(folder: &str) -> String {
    let mut code = String::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder);
        let entries = entries.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                code += &std::fs::read_to_string(&path).unwrap_or_default();
            }
        }
    }
    code
}

fn program(service: &Service) -> String {
    let command = service.argv();
    let path = command
        .first()
        .unwrap_or_else(|| panic!("{} has no command", service.name));
    path.trim_start_matches('/').to_owned()
}

#[test]
fn a_health_check_asks_the_program_that_runs() {
    for service in services().iter().filter(|service| service.is_ours()) {
        let listens = service.environment("LISTEN_ADDR").is_some();
        let test = service.it["healthcheck"]["test"].clone();
        if !listens {
            assert!(test.is_null(), "{} has no health check", service.name);
            continue;
        }
        let mut expected = vec!["CMD".to_owned()];
        expected.extend(service.argv());
        expected.push("health".to_owned());
        assert_eq!(test, serde_json::json!(expected), "{}", service.name);
    }
}

/// Clients do not listen, and the proxy's image has no HTTP client that works everywhere.
#[test]
fn every_container_that_listens_has_a_health_check() {
    for service in services()
        .iter()
        .filter(|service| service.name != "docker-proxy")
    {
        let checked = !service.it["healthcheck"].is_null();
        assert_eq!(checked, !service.listens().is_empty(), "{}", service.name);
    }
}

#[test]
fn only_services_with_a_health_check_are_waited_for() {
    for dependent in services() {
        for (name, how) in dependent.map("depends_on") {
            let checked = !service(&name).it["healthcheck"].is_null();
            let expected = if checked {
                "service_healthy"
            } else {
                "service_started"
            };
            assert_eq!(
                how["condition"], expected,
                "{} waits for {name}",
                dependent.name
            );
        }
    }
}

#[test]
fn the_doctor_has_the_urls_of_all_parts() {
    let doctor = service("doctor");
    assert!(!doctor.is_default(), "`up` must not start it");
    let parts = [
        "die-service",
        "dice-roller",
        "frontend",
        "usage-sink",
        "alloy",
        "tempo",
        "prometheus",
        "loki",
        "grafana",
    ];
    for part in parts {
        let name = format!("{}_URL", part.to_uppercase().replace('-', "_"));
        let url = doctor.environment(&name);
        let url = url.unwrap_or_else(|| panic!("the doctor has no {name}"));
        assert!(
            url.starts_with(&format!("http://{part}:")),
            "{name} is {url}"
        );
    }
}
