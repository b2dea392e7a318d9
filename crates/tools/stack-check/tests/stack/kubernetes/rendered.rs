//! The rendered overlays.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;
use stack_check::Unavailable;
use stages::Stage;

/// An overlay of `deploy/kubernetes`.
#[derive(Debug)]
pub(crate) struct Overlay {
    /// Its path, as in `learner/stage4`.
    pub(crate) name: String,
    pub(crate) stage: Stage,
    pub(crate) documents: Vec<Value>,
}

/// A pod that a workload makes, with the workload.
#[derive(Debug)]
pub(crate) struct Pod<'a> {
    pub(crate) workload: &'a Value,
    pub(crate) template: &'a Value,
}

/// Calls `check` with every overlay; skips the test if none can be rendered here.
pub(crate) fn each(check: impl Fn(&Overlay)) {
    static RENDERED: OnceLock<Result<Vec<Overlay>, String>> = OnceLock::new();
    let render = || stack_check::overlays().into_iter().map(overlay).collect();
    match RENDERED.get_or_init(render) {
        Ok(overlays) => overlays.iter().for_each(check),
        Err(why) => testkit::skip_without(format_args!("kustomize: {why}")),
    }
}

fn overlay(name: String) -> Result<Overlay, String> {
    let text = match stack_check::render(&name) {
        Ok(text) => text,
        Err(Unavailable::Missing(why)) => return Err(why),
        Err(Unavailable::Failed(problem)) => panic!("{name}: {problem}"),
    };
    let stage = Stage::ALL
        .into_iter()
        .find(|stage| name.ends_with(&format!("/stage{stage}")));
    let parse = |document: &str| {
        let value = yaml_serde::from_str(document);
        value.unwrap_or_else(|error| panic!("{name}: {error}\n{document}"))
    };
    Ok(Overlay {
        stage: stage.expect("a name ends in its stage"),
        documents: text.split("\n---\n").map(parse).collect(),
        name,
    })
}

impl Overlay {
    pub(crate) fn is_learner(&self) -> bool {
        self.name.starts_with("learner/")
    }

    /// The documents of a kind.
    pub(crate) fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.documents.iter().filter(move |it| it["kind"] == kind)
    }

    /// The document of that kind and name.
    pub(crate) fn find(&self, kind: &str, name: &str) -> Option<&Value> {
        let mut found = self.documents.iter();
        found.find(|it| it["kind"] == kind && it["metadata"]["name"] == name)
    }

    /// What every workload starts.
    pub(crate) fn pods(&self) -> Vec<Pod<'_>> {
        let pod = |workload| {
            let template = match text(workload, "/kind") {
                "Deployment" | "StatefulSet" => "/spec/template",
                "CronJob" => "/spec/jobTemplate/spec/template",
                _ => return None,
            };
            let template = workload.pointer(template)?;
            Some(Pod { workload, template })
        };
        self.documents.iter().filter_map(pod).collect()
    }

    /// The variables of a pod's container with their values: literal, or of a ConfigMap.
    pub(crate) fn environment(&self, pod: &Pod) -> BTreeMap<String, String> {
        let mut known = BTreeMap::new();
        for variable in list(pod.container(), "/env") {
            let name = text(variable, "/name").to_owned();
            let value = match variable["value"].as_str() {
                Some(value) => expanded(value, &known),
                None => self.value_from(&variable["valueFrom"]),
            };
            known.insert(name, value);
        }
        known
    }

    /// A value of a ConfigMap; of the pod itself, the path of the field.
    fn value_from(&self, source: &Value) -> String {
        if let Some(field) = source.pointer("/fieldRef/fieldPath") {
            return format!("<{}>", field.as_str().expect("a path"));
        }
        let reference = &source["configMapKeyRef"];
        let name = text(reference, "/name");
        let map = self.find("ConfigMap", name);
        let map = map.unwrap_or_else(|| panic!("{}: no ConfigMap {name}", self.name));
        map["data"][text(reference, "/key")]
            .as_str()
            .unwrap_or_else(|| panic!("{}: {reference} has no value", self.name))
            .to_owned()
    }
}

/// `$(NAME)` replaced, as the kubelet does it.
fn expanded(value: &str, known: &BTreeMap<String, String>) -> String {
    let known = known.iter();
    known.fold(value.to_owned(), |text, (name, value)| {
        text.replace(&format!("$({name})"), value)
    })
}

impl<'a> Pod<'a> {
    /// The workload's name.
    pub(crate) fn name(&self) -> &'a str {
        text(self.workload, "/metadata/name")
    }

    pub(crate) fn spec(&self) -> &'a Value {
        &self.template["spec"]
    }

    /// Its only container.
    pub(crate) fn container(&self) -> &'a Value {
        &self.template["spec"]["containers"][0]
    }

    pub(crate) fn label(&self, name: &str) -> Option<&'a str> {
        self.template["metadata"]["labels"][name].as_str()
    }

    /// Whether Prometheus scrapes it.
    pub(crate) fn is_scraped(&self) -> bool {
        self.label("observability.metrics") == Some("true")
    }

    /// The name of its service in docker-compose.yml; for the replicas of KTRDR's workers, the first.
    pub(crate) fn in_compose(&self) -> &'a str {
        match self.name() {
            "ktrdr-worker-backtest" => "ktrdr-worker-1",
            "ktrdr-worker-training" => "ktrdr-worker-3",
            name => name,
        }
    }

    /// Whether all of the labels in a selector are its own.
    pub(crate) fn has(&self, labels: &Value) -> bool {
        let labels = labels.as_object().expect("labels");
        let own = |(name, value): (&String, &Value)| self.label(name) == value.as_str();
        !labels.is_empty() && labels.iter().all(own)
    }
}

/// The text at a JSON pointer.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text {pointer} in {value}"))
}

/// The list at a JSON pointer, empty if there is none.
pub(crate) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    let found = value.pointer(pointer).and_then(Value::as_array);
    found.map_or(&[], Vec::as_slice)
}
