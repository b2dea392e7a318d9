//! Checks the rendered overlays of `deploy/kubernetes`: by the schemas of three versions of
//! Kubernetes, where an unknown field is an error, and by the Go types of the Prometheus operator.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use stack_check::{Unavailable, overlays, render, upstream, workshop};
use tooling::command::output;

use crate::Verdict;
use crate::pypi::installed;

/// Its wheel has the schemas of all versions, so that it downloads nothing.
const PACKAGE: &str = "kubernetes-validate==1.37.0";

/// The oldest that its makers still repair, the newest, and one in between.
const VERSIONS: [&str; 3] = ["1.35.0", "1.36.0", "1.37.0"];

/// The separator of the documents in a YAML text.
const SEPARATOR: &str = "\n---\n";

pub(crate) fn check() -> Result<Verdict, String> {
    match run() {
        Ok(what) => Ok(Verdict::Good(what)),
        Err(problem) => Verdict::without(problem),
    }
}

fn run() -> Result<String, Unavailable> {
    let documents = documents()?;
    let file = workshop()?.join("kubernetes.yaml");
    let text = documents.iter().map(String::as_str).collect::<Vec<_>>();
    std::fs::write(&file, text.join(SEPARATOR)).map_err(|error| error.to_string())?;
    let custom = upstream(&["operator", &file.to_string_lossy()])?;
    for version in VERSIONS {
        validate(version, &file)?;
    }
    Ok(format!(
        "{} documents of {} overlays, with the schemas of {}; {custom}",
        documents.len(),
        overlays().len(),
        VERSIONS.join(", "),
    ))
}

/// The documents of all overlays, each once.
fn documents() -> Result<BTreeSet<String>, Unavailable> {
    let mut all = BTreeSet::new();
    for overlay in overlays() {
        let text = render(&overlay)?;
        all.extend(text.split(SEPARATOR).map(|it| it.trim_end().to_owned()));
    }
    Ok(all)
}

/// Without the warnings about kinds that Kubernetes itself does not have.
fn validate(version: &str, file: &Path) -> Result<(), Unavailable> {
    let program = installed("kubernetes-validate", PACKAGE)
        .map_err(|why| Unavailable::Missing(format!("{PACKAGE} cannot be installed: {why}")))?;
    let mut validate = Command::new(program);
    validate.args(["--strict", "--quiet", "--no-warn", "-k", version]);
    output(validate.arg(file))?;
    Ok(())
}
