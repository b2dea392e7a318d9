//! Reads the files, and the parts of them that many tests need.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::variables::{Variables, filled};

/// The project's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// The text of a file, by its path from the root.
pub(crate) fn text(path: &str) -> String {
    let file = root().join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Alloy's configuration in compose, which is every file of its folder.
pub(crate) fn alloy() -> String {
    ["config", "docker"]
        .map(|name| text(&format!("stack/alloy/{name}.alloy")))
        .concat()
}

/// A YAML file, with merges (`<<`) applied.
pub(crate) fn yaml(path: &str) -> Value {
    let value = yaml_serde::from_str(&text(path));
    merged(value.unwrap_or_else(|error| panic!("{path}: {error}")))
}

/// A map's own keys override those that it merges, which may contain further merges.
fn merged(value: Value) -> Value {
    match value {
        Value::Array(values) => values.into_iter().map(merged).collect(),
        Value::Object(mut map) => {
            let base = map.remove("<<").map(merged);
            let mut all =
                base.map_or_else(Map::new, |base| base.as_object().cloned().expect("a map"));
            all.extend(map.into_iter().map(|(key, value)| (key, merged(value))));
            all.into()
        }
        other => other,
    }
}

/// docker-compose.yml with default values.
pub(crate) fn compose() -> Value {
    compose_with(&Variables::new())
}

/// docker-compose.yml, with variables replaced.
fn compose_with(env: &Variables) -> Value {
    fill(yaml("docker-compose.yml"), env)
}

fn fill(value: Value, env: &Variables) -> Value {
    match value {
        Value::String(text) => filled(&text, env).into(),
        Value::Array(values) => values.into_iter().map(|value| fill(value, env)).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| (key, fill(value, env)))
            .collect(),
        other => other,
    }
}

/// One service of docker-compose.yml.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) it: Value,
}

/// All services, including those of profiles and of other stages.
pub(crate) fn services() -> Vec<Service> {
    services_with(&Variables::new())
}

/// [`services`], with the names and values for `env`.
pub(crate) fn services_with(env: &Variables) -> Vec<Service> {
    let compose = compose_with(env);
    let services = compose["services"].as_object().expect("a map").clone();
    let named = |(name, it)| Service { name, it };
    services.into_iter().map(named).collect()
}

/// The service with that name.
pub(crate) fn service(name: &str) -> Service {
    let found = services().into_iter().find(|service| service.name == name);
    found.unwrap_or_else(|| panic!("docker-compose.yml has no service {name}"))
}

impl Service {
    /// The strings of a list, empty if there is none.
    pub(crate) fn list(&self, key: &str) -> Vec<String> {
        strings(&self.it[key])
    }

    /// The command it runs: the entry point, if it overrides the image's, and the command.
    pub(crate) fn argv(&self) -> Vec<String> {
        [self.list("entrypoint"), self.list("command")].concat()
    }

    /// Mounts as `source:target`, with `:ro` if they are read-only.
    pub(crate) fn volumes(&self) -> Vec<String> {
        let entries = self.it["volumes"].as_array().into_iter().flatten();
        entries
            .map(|entry| match entry.as_str() {
                Some(short) => short.to_owned(),
                None => {
                    let part = |key| entry[key].as_str().unwrap_or_else(|| panic!("{entry}"));
                    let mode = if entry["read_only"] == true {
                        ":ro"
                    } else {
                        ""
                    };
                    format!("{}:{}{mode}", part("source"), part("target"))
                }
            })
            .collect()
    }

    /// The map at `key`, empty if there is none.
    pub(crate) fn map(&self, key: &str) -> Map<String, Value> {
        self.it[key].as_object().cloned().unwrap_or_default()
    }

    pub(crate) fn environment(&self, name: &str) -> Option<String> {
        self.it["environment"][name].as_str().map(str::to_owned)
    }

    pub(crate) fn label(&self, name: &str) -> Option<String> {
        self.it["labels"][name].as_str().map(str::to_owned)
    }

    pub(crate) fn container(&self) -> &str {
        self.it["container_name"].as_str().unwrap_or(&self.name)
    }

    /// Whether it is a program of this workspace.
    pub(crate) fn is_ours(&self) -> bool {
        let image = self.it["image"].as_str();
        image.is_some_and(|image| image.starts_with("dice-roller-sandbox:"))
    }

    /// Whether `docker compose up` starts it.
    pub(crate) fn is_default(&self) -> bool {
        self.it["profiles"].is_null() && self.is_of_the_stage()
    }

    /// Whether it is part of the stage, by default or with a profile.
    pub(crate) fn is_of_the_stage(&self) -> bool {
        self.it["scale"].as_str() != Some("0")
    }

    /// `(host, container)` of every published port.
    pub(crate) fn ports(&self) -> Vec<(u16, u16)> {
        let ports = self.list("ports");
        ports
            .iter()
            .map(|port| {
                let parts: Vec<&str> = port.split(':').collect();
                let [_, host, container] = parts[..] else {
                    panic!("{}: {port} is not ADDRESS:HOST:CONTAINER", self.name);
                };
                let number = |text: &str| text.parse().expect("a port");
                (number(host), number(container))
            })
            .collect()
    }

    /// The ports on which it listens, published or not.
    pub(crate) fn listens(&self) -> Vec<u16> {
        let mut ports: Vec<u16> = self.ports().into_iter().map(|(_, inside)| inside).collect();
        let own = self.environment("LISTEN_ADDR");
        let own: Option<u16> = own.and_then(|address| address.rsplit_once(':')?.1.parse().ok());
        ports.extend(own);
        ports.extend(match self.name.as_str() {
            "tempo" | "jaeger" => vec![4317],
            "docker-proxy" => vec![2375],
            "postgres" => vec![5432],
            "postgres-exporter" => vec![9187],
            _ => vec![],
        });
        ports
    }

    /// Mounts of files and folders from here, as `(source, target, mode)`.
    pub(crate) fn binds(&self) -> Vec<(String, String, String)> {
        let volumes = self.volumes();
        let parts = volumes.iter().map(|volume| volume.split(':').collect());
        parts
            .filter_map(|parts: Vec<&str>| match parts[..] {
                // Others are named volumes.
                [source, target, mode] if source.starts_with(['.', '/']) => {
                    Some((source.to_owned(), target.to_owned(), mode.to_owned()))
                }
                _ => None,
            })
            .collect()
    }
}

/// The strings of a JSON list; our lists contain no numbers.
pub(crate) fn strings(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items
        .map(|item| {
            item.as_str()
                .unwrap_or_else(|| panic!("{item} is not a string"))
                .to_owned()
        })
        .collect()
}

/// Checks that `address`, as HOST:PORT, is a container that listens there.
pub(crate) fn assert_reachable(address: &str, from: &str) {
    assert_reachable_among(&services(), address, from);
}

/// [`assert_reachable`] with these containers.
pub(crate) fn assert_reachable_among(services: &[Service], address: &str, from: &str) {
    let (host, port) = address
        .split_once(':')
        .unwrap_or_else(|| panic!("{from}: {address} has no port"));
    let port: u16 = port
        .parse()
        .unwrap_or_else(|_| panic!("{from}: {address} has no port"));
    let found = services
        .iter()
        .find(|service| service.name == host || service.container() == host);
    let service = found.unwrap_or_else(|| panic!("{from}: the container {host} does not exist"));
    assert!(
        service.listens().contains(&port),
        "{from}: {host} does not listen on {port} but on {:?}",
        service.listens()
    );
}

/// HOST:PORT of every URL in `text`.
pub(crate) fn addresses(text: &str) -> Vec<&str> {
    let schemes = ["http://", "tcp://", "postgres://"];
    let starts = schemes
        .iter()
        .flat_map(|scheme| text.match_indices(scheme).map(|(at, _)| at + scheme.len()));
    starts
        .map(|at| {
            let rest = &text[at..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.:@".contains(c));
            let authority = &rest[..end.unwrap_or(rest.len())];
            authority
                .rsplit_once('@')
                .map_or(authority, |(_, address)| address)
        })
        .collect()
}
