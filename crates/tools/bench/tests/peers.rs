//! The servers that die-service is compared with are compiled as it is.

use std::collections::BTreeMap;
use std::process::Command;

use tooling::command::{CARGO, root};

const PEERS: &str = "crates/tools/bench/peers";

fn text(file: &str) -> String {
    let path = root().join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The settings of `[profile.release]`.
fn profile(manifest: &str) -> BTreeMap<String, String> {
    let text = text(manifest);
    let (_, section) = text.split_once("[profile.release]\n").expect("a profile");
    let lines = section.lines().take_while(|line| line.contains('='));
    let settings = lines.map(|line| line.split('#').next().unwrap_or_default());
    let settings = settings.filter_map(|line| line.split_once('='));
    let trimmed = |(key, value): (&str, &str)| (key.trim().to_owned(), value.trim().to_owned());
    settings.map(trimmed).collect()
}

#[test]
fn peers_have_the_profile_of_the_product() {
    let product = profile("Cargo.toml");
    assert!(product.len() >= 3, "{product:?}");
    assert_eq!(profile(&format!("{PEERS}/Cargo.toml")), product);
}

#[test]
fn peers_bring_nothing_into_the_product() {
    let product = text("Cargo.lock");
    let peers = text(&format!("{PEERS}/Cargo.lock"));
    for name in ["axum-tracing-opentelemetry", "axum-prometheus"] {
        let line = format!("name = \"{name}\"\n");
        assert!(peers.contains(&line), "{name} is one of the peers' crates");
        assert!(
            !product.contains(&line),
            "{name} is in the product's Cargo.lock"
        );
    }
}

#[test]
fn peers_are_formatted() {
    let mut cargo = Command::new(CARGO);
    cargo.args(["fmt", "--all", "--check", "--manifest-path"]);
    let output = cargo.arg(root().join(PEERS).join("Cargo.toml")).output();
    let output = output.expect("cargo starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}
