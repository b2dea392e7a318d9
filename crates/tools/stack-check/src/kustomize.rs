//! Renders the overlays of `deploy/kubernetes`.

use std::process::Command;

use tooling::command::{is_there, output, root};

use crate::{Unavailable, upstream};

/// Where the overlays are, from the root.
const FOLDER: &str = "deploy/kubernetes";

/// Every overlay by its path below `deploy/kubernetes`: six stages with a stack of their own, and six
/// for a cluster that has one.
#[must_use]
pub fn overlays() -> Vec<String> {
    let ways = ["learner", "existing"].into_iter();
    ways.flat_map(|way| (1..=6).map(move |stage| format!("{way}/stage{stage}")))
        .collect()
}

/// The documents of an overlay as one YAML text, by `kubectl kustomize`. Where there is no kubectl,
/// by the same library in the Go program of this crate.
///
/// # Errors
/// When neither is available, or the overlay cannot be built.
pub fn render(overlay: &str) -> Result<String, Unavailable> {
    let folder = root().join(FOLDER).join(overlay);
    let folder = folder.to_string_lossy();
    if is_there("kubectl") {
        return Ok(output(
            Command::new("kubectl").args(["kustomize", &folder]),
        )?);
    }
    upstream(&["render", &folder]).map_err(|problem| match problem {
        Unavailable::Missing(why) => {
            Unavailable::Missing(format!("kubectl is not installed; {why}"))
        }
        failed => failed,
    })
}
