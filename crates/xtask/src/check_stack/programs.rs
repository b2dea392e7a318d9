//! The programs themselves, where somebody has them. In the containers they are the same.

use std::process::Command;

use super::{Verdict, workshop};
use crate::command::{is_there, output, root};

/// What a program says of its file when it is asked for nothing else.
const QUESTIONS: [(&str, &[&str], &str); 3] = [
    (
        "loki",
        &["-verify-config", "-config.file=stack/loki/loki.yaml"],
        "loki -verify-config",
    ),
    (
        "tempo",
        &["-config.verify=true", "-config.file=stack/tempo/tempo.yaml"],
        "tempo -config.verify",
    ),
    (
        "docker",
        &["compose", "config", "--quiet"],
        "docker compose config",
    ),
];

/// One verdict for each program.
pub(super) fn check() -> Vec<(&'static str, Result<Verdict, String>)> {
    let questions = QUESTIONS.into_iter();
    let answers = questions.map(|(program, arguments, name)| (name, ask(program, arguments)));
    answers.chain([("alloy validate", alloy())]).collect()
}

/// Alloy, with every combination of its files that a container can have.
fn alloy() -> Result<Verdict, String> {
    if !is_there("alloy") {
        return Ok(Verdict::Missing("alloy is not here, nor needed".to_owned()));
    }
    let files = root().join("stack/alloy");
    let routes = files.join("routes").read_dir();
    let mut checked = Vec::new();
    for route in routes.map_err(|error| format!("routes: {error}"))? {
        let route = route.map_err(|error| error.to_string())?;
        let folder = workshop()?.join("alloy");
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        for (from, to) in [
            (files.join("config.alloy"), "config.alloy"),
            (route.path(), "routes.alloy"),
        ] {
            std::fs::copy(&from, folder.join(to))
                .map_err(|error| format!("{}: {error}", from.display()))?;
        }
        output(Command::new("alloy").arg("validate").arg(&folder))?;
        checked.push(route.file_name().to_string_lossy().into_owned());
    }
    checked.sort();
    Ok(Verdict::Good(format!(
        "config.alloy with {}",
        checked.join(", ")
    )))
}

fn ask(program: &str, arguments: &[&str]) -> Result<Verdict, String> {
    if !is_there(program) {
        return Ok(Verdict::Missing(format!(
            "{program} is not here, nor needed"
        )));
    }
    if program == "docker" && output(Command::new("docker").args(["compose", "version"])).is_err() {
        return Ok(Verdict::Missing("this Docker has no Compose".to_owned()));
    }
    // Debian has another program called loki.
    if program == "loki" && !output(Command::new("loki").arg("-version"))?.contains("loki, version")
    {
        return Ok(Verdict::Missing(
            "the loki here is not Grafana's".to_owned(),
        ));
    }
    output(Command::new(program).args(arguments))?;
    Ok(Verdict::Good("accepted".to_owned()))
}
