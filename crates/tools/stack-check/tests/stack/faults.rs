//! The file of flags is in a volume, which services read and the containers that switch faults write.

use crate::files::{Service, service, services, text};

const FILE: &str = "/faults/flags.json";

/// The containers that write the file. `up` starts none of them.
const WRITERS: [&str; 2] = ["faults", "drill"];

/// Our servers: programs with a health check read flags.
fn is_server(service: &Service) -> bool {
    service.is_ours() && !service.it["healthcheck"].is_null()
}

#[test]
fn every_server_reads_the_file_of_flags_and_cannot_write_it() {
    let all = services();
    let servers: Vec<&Service> = all.iter().filter(|service| is_server(service)).collect();
    assert!(servers.len() > 10);
    for service in servers {
        let file = service.environment("FAULTS_FILE");
        assert_eq!(file.as_deref(), Some(FILE), "{}", service.name);
        let volumes = service.volumes();
        let is_read_only = volumes.iter().any(|volume| volume == "faults:/faults:ro");
        assert!(is_read_only, "{}: {volumes:?}", service.name);
    }
}

#[test]
fn only_what_switches_faults_can_write_the_file_and_up_does_not_start_it() {
    for service in services() {
        let writes = service
            .volumes()
            .iter()
            .any(|volume| volume == "faults:/faults");
        let is_writer = WRITERS.contains(&service.name.as_str());
        assert_eq!(writes, is_writer, "{}", service.name);
        assert!(!(writes && service.is_default()), "{}", service.name);
    }
}

#[test]
fn the_switch_knows_the_stage_and_needs_no_network() {
    let switch = service("faults");
    assert_eq!(switch.environment("FAULTS_FILE").as_deref(), Some(FILE));
    assert_eq!(switch.environment("STAGE").as_deref(), Some("4"));
    assert_eq!(switch.it["network_mode"], "none");
}

/// A new volume belongs to root unless the image has the folder.
#[test]
fn the_image_has_the_folder_of_the_volume_with_the_owner_that_writes_it() {
    let dockerfile = text("Dockerfile");
    let user = dockerfile
        .lines()
        .find_map(|line| line.strip_prefix("USER "));
    let user = user.expect("a user");
    let copy = format!("COPY --from=build --chown={user} /faults /faults");
    assert!(dockerfile.lines().any(|line| line == copy), "no {copy}");
}
