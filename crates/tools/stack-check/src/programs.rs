//! Checks with the installed programs themselves. The containers run the same programs.

use std::process::Command;

use crate::Verdict;
use tooling::command::{is_there, output};

/// The output of a program that only validates its file.
const QUESTIONS: [(&str, &[&str], &str); 4] = [
    ("alloy", &["validate", "stack/alloy"], "alloy validate"),
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
pub(crate) fn check() -> Vec<(&'static str, Result<Verdict, String>)> {
    let questions = QUESTIONS.into_iter();
    questions
        .map(|(program, arguments, name)| (name, ask(program, arguments)))
        .collect()
}

fn ask(program: &str, arguments: &[&str]) -> Result<Verdict, String> {
    if !is_there(program) {
        return Ok(Verdict::Missing(format!(
            "{program} is not installed (optional)"
        )));
    }
    if program == "docker" && output(Command::new("docker").args(["compose", "version"])).is_err() {
        return Ok(Verdict::Missing("this Docker has no Compose".to_owned()));
    }
    // Debian has another program named loki.
    if program == "loki" && !output(Command::new("loki").arg("-version"))?.contains("loki, version")
    {
        return Ok(Verdict::Missing(
            "the installed loki is not Grafana Loki".to_owned(),
        ));
    }
    output(Command::new(program).args(arguments))?;
    Ok(Verdict::Good("accepted".to_owned()))
}
