//! The Dockerfile agrees with the workspace and with docker-compose.yml.

use std::path::{Path, PathBuf};

use crate::files::{Service, root, services, text};

fn programs() -> Vec<String> {
    let dockerfile = text("Dockerfile");
    let line = dockerfile
        .lines()
        .find_map(|line| line.strip_prefix("ARG PROGRAMS=\""));
    let list = line.expect("a list of programs").trim_end_matches('"');
    list.split(' ').map(str::to_owned).collect()
}

#[test]
fn every_command_is_a_program_of_the_image() {
    let programs = programs();
    for service in services().iter().filter(|service| service.is_ours()) {
        let command = service.argv();
        let program = command[0].strip_prefix('/').expect("in the root");
        assert!(
            programs.iter().any(|name| name == program),
            "{}: {program}",
            service.name
        );
    }
}

#[test]
fn every_program_is_one_of_the_workspace() {
    for program in programs() {
        let folders = [
            format!("crates/services/{program}"),
            format!("crates/tools/{program}"),
            program.clone(),
        ];
        let main = folders
            .iter()
            .any(|folder| root().join(folder).join("src/main.rs").exists());
        assert!(main, "no program {program} exists");
    }
}

/// The sources below `folder`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => sources(&path),
            false => vec![path],
        })
        .collect()
}

/// The files that the stages crate embeds are outside it, and must be in the build context.
#[test]
fn the_files_embedded_by_the_stages_crate_are_in_the_context() {
    let ignored = text(".dockerignore");
    let taken: Vec<&str> = ignored
        .lines()
        .filter_map(|it| it.strip_prefix('!'))
        .collect();
    let mut embedded = 0;
    for source in sources(&root().join("crates/lib/stages/src")) {
        let code = std::fs::read_to_string(&source).expect("a source");
        for (_, rest) in code
            .match_indices("include_str!(\"")
            .map(|(at, it)| code.split_at(at + it.len()))
        {
            let (path, _) = rest.split_once('"').expect("a path");
            let path = path.trim_start_matches("../");
            let is_taken = taken.iter().any(|folder| path.starts_with(folder));
            assert!(is_taken, ".dockerignore leaves out {path}");
            embedded += 1;
        }
    }
    assert_eq!(embedded, 6, "the stages");
}

#[test]
fn the_image_is_built_with_the_pinned_compiler() {
    let toolchain = text("rust-toolchain.toml");
    let channel = toolchain
        .lines()
        .find_map(|line| line.strip_prefix("channel = \""));
    let channel = channel.expect("a version").trim_end_matches('"');
    let from = format!("FROM rust:{channel}-");
    assert!(
        text("Dockerfile")
            .lines()
            .any(|line| line.starts_with(&from)),
        "no {from}"
    );
}

#[test]
fn the_image_runs_as_the_user_that_compose_says() {
    let dockerfile = text("Dockerfile");
    let user = dockerfile
        .lines()
        .find_map(|line| line.strip_prefix("USER "));
    for service in services().iter().filter(|service| service.is_ours()) {
        assert_eq!(service.it["user"].as_str(), user, "{}", service.name);
    }
}

#[test]
fn all_our_services_are_one_image() {
    let ours: Vec<_> = services().into_iter().filter(Service::is_ours).collect();
    let version = env!("CARGO_PKG_VERSION");
    for service in ours {
        let image = format!("dice-roller-sandbox:{version}");
        assert_eq!(service.it["image"], image.as_str(), "{}", service.name);
    }
}

/// Several services that build one tag would export it at the same time, which BuildKit rejects; a
/// service that only names the image must not pull it from a registry.
#[test]
fn one_service_builds_the_image_and_none_pulls_it() {
    let all = services();
    let ours: Vec<_> = all.iter().filter(|service| service.is_ours()).collect();
    assert!(ours.len() > 10);
    let builds = ours.iter().filter(|service| !service.it["build"].is_null());
    let builds: Vec<_> = builds.map(|service| service.name.as_str()).collect();
    assert_eq!(builds, ["dice-roller"], "it is in every stage");
    for service in ours {
        assert_eq!(service.it["pull_policy"], "never", "{}", service.name);
    }
}
