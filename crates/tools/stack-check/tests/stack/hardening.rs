//! Restrictions on each container, and limits on all of them together.

use crate::database::CLIENTS;
use crate::files::{Service, compose, root, services};
use crate::projects::projects;

const MEBIBYTE: u64 = 1 << 20;

fn each(check: impl Fn(&Service)) {
    services().iter().for_each(check);
}

#[test]
fn every_image_is_pinned() {
    each(|service| {
        let image = service.it["image"].as_str().expect("an image");
        let (name, tag) = image.rsplit_once(':').unwrap_or((image, "latest"));
        let version = tag.trim_start_matches('v').trim_end_matches("-alpine");
        let numbers = version
            .split('.')
            .filter(|part| part.parse::<u32>().is_ok())
            .count();
        // PostgreSQL's versions have two parts.
        assert!(
            numbers >= if name == "postgres" { 2 } else { 3 },
            "{}: {image} is not pinned to a version",
            service.name
        );
    });
}

#[test]
fn nothing_can_be_written_but_volumes_and_tmpfs() {
    each(|service| assert_eq!(service.it["read_only"], true, "{}", service.name));
}

#[test]
fn no_container_has_capabilities_or_can_gain_any() {
    each(|service| {
        assert_eq!(service.list("cap_drop"), ["ALL"], "{}", service.name);
        assert!(service.it["cap_add"].is_null(), "{}", service.name);
        let options = service.list("security_opt");
        assert_eq!(options, ["no-new-privileges:true"], "{}", service.name);
        assert!(service.it["privileged"].is_null(), "{}", service.name);
    });
}

/// Only the owner of the Docker socket can read it, and that is root.
#[test]
fn only_the_socket_proxy_is_root() {
    each(|service| {
        let user = service.it["user"].as_str().expect("a user");
        let root = user.starts_with('0') || user.starts_with("root");
        assert_eq!(
            root,
            service.name == "docker-proxy",
            "{}: {user}",
            service.name
        );
    });
}

#[test]
fn only_the_proxy_uses_the_docker_socket_and_only_alloy_the_proxy() {
    each(|service| {
        let has_socket = service
            .volumes()
            .iter()
            .any(|volume| volume.contains("docker.sock"));
        assert_eq!(
            has_socket,
            service.name == "docker-proxy",
            "{}",
            service.name
        );
        let networks = service.list("networks");
        let sees_proxy = networks.iter().any(|network| network == "docker-api");
        let may = ["alloy", "docker-proxy"].contains(&service.name.as_str());
        assert_eq!(sees_proxy, may, "{}", service.name);
    });
    assert_eq!(compose()["networks"]["docker-api"]["internal"], true);
}

/// PostgreSQL identifies its clients by their network only.
#[test]
fn only_clients_of_the_database_share_its_network() {
    each(|service| {
        let networks = service.list("networks");
        let sees = networks.iter().any(|network| network == "database");
        let asks = CLIENTS.contains(&service.name.as_str());
        assert_eq!(sees, asks || service.name == "postgres", "{}", service.name);
        // Services outside the default network are isolated from all others.
        let alone = networks == ["database"];
        assert_eq!(alone, service.name == "postgres", "{}", service.name);
    });
    assert_eq!(compose()["networks"]["database"]["internal"], true);
}

#[test]
fn every_container_has_bounds() {
    each(|service| {
        assert!(
            service.it["pids_limit"].is_u64(),
            "{}: pids_limit",
            service.name
        );
        let options = service.it["logging"]["options"].clone();
        assert!(
            options["max-size"].is_string(),
            "{}: log rotation",
            service.name
        );
        assert!(memory(service) > 0, "{}: mem_limit", service.name);
    });
}

fn memory(service: &Service) -> u64 {
    let limit = service.it["mem_limit"].as_str().expect("a limit");
    let number = limit.strip_suffix('m').expect("in MiB");
    number.parse::<u64>().expect("a number") * MEBIBYTE
}

/// Everything that `up` starts, in every stage; profiles are not included.
#[test]
fn all_containers_together_fit_in_two_gibibytes() {
    for project in projects() {
        let running = project
            .services
            .iter()
            .filter(|service| service.is_default());
        let sum: u64 = running.map(memory).sum();
        assert!(
            sum <= 2048 * MEBIBYTE,
            "stage {}: {} MiB",
            project.stage,
            sum / MEBIBYTE
        );
    }
}

/// A full queue of the default size would need about as much memory as these containers have.
#[test]
fn the_smallest_containers_keep_few_spans() {
    each(|service| {
        let exports = service.environment("OTEL_EXPORTER_OTLP_ENDPOINT").is_some();
        if !exports || memory(service) > 24 * MEBIBYTE {
            return;
        }
        let most = service.environment("OTEL_BSP_MAX_QUEUE_SIZE");
        assert_eq!(most.as_deref(), Some("512"), "{}", service.name);
    });
}

/// Go must know the limit, or the kernel kills the process.
#[test]
fn the_memory_limit_of_go_is_below_that_of_the_container() {
    each(|service| {
        let Some(told) = service.environment("GOMEMLIMIT") else {
            return;
        };
        let told: u64 = told
            .strip_suffix("MiB")
            .expect("in MiB")
            .parse()
            .expect("a number");
        assert!(told * MEBIBYTE < memory(service), "{}", service.name);
    });
}

#[test]
fn every_mount_from_here_exists_and_is_read_only() {
    for service in projects().iter().flat_map(|project| &project.services) {
        for (source, target, mode) in service.binds() {
            assert_eq!(mode, "ro", "{}: {target}", service.name);
            let exists = source.starts_with('/') || root().join(&source).exists();
            assert!(exists, "{}: {source} does not exist", service.name);
        }
    }
}

#[test]
fn every_volume_is_declared_and_used() {
    let declared = compose()["volumes"].as_object().expect("a map").clone();
    let mut used = Vec::new();
    each(|service| {
        for volume in service.volumes() {
            let (source, _) = volume.split_once(':').expect("a mount has a target");
            assert!(
                source.starts_with(['.', '/']) || declared.contains_key(source),
                "{}: {source} is not declared",
                service.name
            );
        }
    });
    for service in services() {
        used.extend(service.volumes());
    }
    for name in declared.keys() {
        let prefix = format!("{name}:");
        assert!(
            used.iter().any(|volume| volume.starts_with(&prefix)),
            "no service uses {name}"
        );
    }
}
