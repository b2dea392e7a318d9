//! Configuration is mounted from the files of the stack, and no file exists twice.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::rendered::{Overlay, Pod, each, list, text};
use crate::files::{root, text as file};
use crate::projects::project;

/// The folders with configuration, from the root.
const FOLDERS: [&str; 4] = ["stack", "dashboards", "deploy", "docs/runbooks"];

/// Files of compose that Kubernetes replaces, by the start of their path.
const REPLACED: [&str; 2] = ["/etc/prometheus/targets/", "/etc/alloy/docker.alloy"];

/// Every file below a folder, by its path from the root.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder));
    let entries = entries.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries
        .flat_map(|entry| {
            let entry = entry.expect("readable");
            let path = folder.join(entry.file_name());
            match entry.path().is_dir() {
                true => files(&path),
                false => vec![path.to_str().expect("UTF-8").to_owned()],
            }
        })
        .collect()
}

fn all_files() -> Vec<String> {
    let folders = FOLDERS.iter();
    folders
        .flat_map(|folder| files(Path::new(folder)))
        .collect()
}

#[test]
fn no_file_of_the_stack_exists_twice() {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for path in all_files() {
        if let Some(other) = seen.insert(file(&path), path.clone()) {
            panic!("{path} and {other} are the same");
        }
    }
}

/// The text of each mounted file, by its path in the container.
fn mounted(overlay: &Overlay, pod: &Pod) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for mount in list(pod.container(), "/volumeMounts") {
        let volumes = list(pod.spec(), "/volumes").iter();
        let mut volumes = volumes.filter(|it| it["name"] == mount["name"]);
        let Some(volume) = volumes.next() else {
            continue; // a claim
        };
        let folder = text(mount, "/mountPath");
        for (path, content) in content(overlay, volume) {
            match mount["subPath"].as_str() {
                Some(wanted) if wanted == path => files.insert(folder.to_owned(), content),
                Some(_) => None,
                None => files.insert(format!("{folder}/{path}"), content),
            };
        }
    }
    files
}

/// The files of a volume, if it consists of ConfigMaps.
fn content(overlay: &Overlay, volume: &Value) -> Vec<(String, String)> {
    let one = volume.get("configMap");
    let several = list(volume, "/projected/sources").iter();
    let several = several.map(|source| &source["configMap"]);
    let maps = one.into_iter().chain(several);
    maps.flat_map(|map| keys(overlay, map)).collect()
}

/// The files of a ConfigMap as a volume has them: those that it selects, or all. None of an optional
/// one, which only the learner makes.
fn keys(overlay: &Overlay, volume: &Value) -> Vec<(String, String)> {
    let name = text(volume, "/name");
    if volume["optional"] == true {
        return Vec::new();
    }
    let map = overlay.find("ConfigMap", name);
    let map = map.unwrap_or_else(|| panic!("{}: no ConfigMap {name}", overlay.name));
    let content = |key: &str| {
        let content = map["data"][key].as_str();
        let content = content.unwrap_or_else(|| panic!("{name} has no {key}"));
        content.to_owned()
    };
    let items = list(volume, "/items");
    if items.is_empty() {
        let all = map["data"].as_object().expect("data").keys();
        return all.map(|key| (key.clone(), content(key))).collect();
    }
    let items = items.iter();
    items
        .map(|it| (text(it, "/path").to_owned(), content(text(it, "/key"))))
        .collect()
}

#[test]
fn pods_have_the_files_that_compose_mounts() {
    each(|overlay| {
        let project = project(overlay.stage);
        for pod in overlay.pods() {
            let own = mounted(overlay, &pod);
            let binds = project.service(pod.in_compose()).binds();
            let expected = binds.iter().flat_map(|(from, to, _)| bound(from, to));
            for (path, content) in expected.filter(|(path, _)| !is_replaced(path)) {
                let there = own.get(&path) == Some(&content);
                assert!(there, "{}: {} has no {path}", overlay.name, pod.name());
            }
        }
    });
}

fn is_replaced(path: &str) -> bool {
    REPLACED.iter().any(|start| path.starts_with(start))
}

/// The files of a bind mount of compose, without those for kustomize.
fn bound(source: &str, target: &str) -> Vec<(String, String)> {
    let source = source.trim_start_matches("./");
    if !root().join(source).is_dir() {
        return vec![(target.to_owned(), file(source))];
    }
    let below = files(Path::new(source)).into_iter();
    below
        .filter(|path| !path.ends_with("kustomization.yaml"))
        .map(|path| (path.replacen(source, target, 1), file(&path)))
        .collect()
}

/// What a pod mounts is a file of the stack, or one of those that only Kubernetes needs.
#[test]
fn every_mounted_file_is_in_this_repository() {
    let known: Vec<String> = all_files().iter().map(|path| file(path)).collect();
    each(|overlay| {
        for pod in overlay.pods() {
            for (path, content) in mounted(overlay, &pod) {
                assert!(known.contains(&content), "{}: {path}", pod.name());
            }
        }
    });
}

#[test]
fn every_dashboard_is_found_by_grafana() {
    each(|overlay| {
        let dashboards = files(Path::new("dashboards")).into_iter();
        for path in dashboards.filter(|path| path.ends_with(".json")) {
            let content = file(&path);
            let mut maps = overlay.all("ConfigMap");
            let map = maps.find(|map| {
                let mut data = map["data"].as_object().expect("data").values();
                data.any(|it| *it == content)
            });
            let map = map.unwrap_or_else(|| panic!("{}: no ConfigMap of {path}", overlay.name));
            let label = &map["metadata"]["labels"]["grafana_dashboard"];
            assert_eq!(*label, "1", "{path}");
        }
    });
}
