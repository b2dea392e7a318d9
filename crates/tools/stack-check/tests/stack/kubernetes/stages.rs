//! Each overlay runs what its stage has.

use std::collections::BTreeSet;

use stages::{Component, Stage};

use super::rendered::{Overlay, Pod, each, text};
use crate::projects::project;
use crate::variables::env;

#[test]
fn there_is_an_overlay_for_every_stage() {
    let names = stack_check::overlays();
    for way in ["learner", "existing"] {
        for stage in Stage::ALL {
            assert!(names.contains(&format!("{way}/stage{stage}")));
        }
    }
}

#[test]
fn every_overlay_runs_what_compose_runs_in_that_stage() {
    each(|overlay| {
        let pods = overlay.pods();
        let running: BTreeSet<&str> = pods.iter().map(Pod::in_compose).collect();
        let project = project(overlay.stage);
        let services = project.services.iter();
        let expected: BTreeSet<&str> = services
            .filter(|service| service.is_of_the_stage() && is_expected(overlay, &service.name))
            .map(|service| service.name.as_str())
            .collect();
        assert_eq!(running, expected, "{}", overlay.name);
    });
}

/// Docker's own and optional containers are not there, nor are the other replicas of a worker.
fn is_expected(overlay: &Overlay, name: &str) -> bool {
    let stack = [
        "alertmanager",
        "alloy",
        "doctor",
        "grafana",
        "loki",
        "prometheus",
        "tempo",
    ];
    match name {
        "docker-proxy" | "drill" | "faults" | "jaeger" => false,
        "ktrdr-worker-2" | "ktrdr-worker-4" | "ktrdr-worker-5" | "ktrdr-worker-6" => false,
        name => overlay.is_learner() || !stack.contains(&name),
    }
}

#[test]
fn the_variables_of_a_stage_are_those_of_its_file() {
    each(|overlay| {
        let maps = overlay.all("ConfigMap");
        let mut stages = maps.filter(|it| text(it, "/metadata/name").starts_with("stage-"));
        let map = stages.next().unwrap_or_else(|| panic!("{}", overlay.name));
        assert!(stages.next().is_none(), "{}: two stages", overlay.name);
        let file = env(&format!("stack/stages/{}.env", overlay.stage));
        let data = map["data"].as_object().expect("a map");
        assert_eq!(data.len(), file.len(), "{}", overlay.name);
        for (name, value) in file {
            assert_eq!(data[&name], value.as_str(), "{}: {name}", overlay.name);
        }
    });
}

#[test]
fn names_that_contain_the_stage_are_of_this_stage() {
    each(|overlay| {
        for pod in overlay.pods() {
            let Some(stage) = pod.label("observability.stage") else {
                continue;
            };
            assert_eq!(stage, overlay.stage.to_string(), "{}", pod.name());
            let service = pod.label("observability.service").expect("a service");
            let job = pod.label("observability.job").expect("a job");
            assert_eq!(job, overlay.stage.job(service), "{}", overlay.name);
        }
    });
}

/// An autoscaler of a Deployment that does not exist reports errors for ever.
#[test]
fn what_a_roll_passes_through_scales_in_a_cluster() {
    each(|overlay| {
        let scaled: BTreeSet<&str> = overlay
            .all("HorizontalPodAutoscaler")
            .map(|it| text(it, "/spec/scaleTargetRef/name"))
            .collect();
        let may = [
            Component::Frontend,
            Component::DiceRoller,
            Component::DieService,
        ];
        let expected: BTreeSet<&str> = may
            .into_iter()
            .filter(|it| overlay.stage.runs(*it) && !overlay.is_learner())
            .map(Component::name)
            .collect();
        assert_eq!(scaled, expected, "{}", overlay.name);
    });
}
