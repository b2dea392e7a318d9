//! Checks Alertmanager's configuration with `amtool`.

use std::process::Command;

use crate::Verdict;
use tooling::command::{is_there, output};

const CONFIG: &str = "stack/alertmanager/alertmanager.yml";

pub(crate) fn check() -> Result<Verdict, String> {
    if !is_there("amtool") {
        return Ok(Verdict::Missing(
            "amtool is not installed; on Debian: apt-get install prometheus-alertmanager"
                .to_owned(),
        ));
    }
    output(Command::new("amtool").args(["check-config", CONFIG]))?;
    Ok(Verdict::Good("alertmanager.yml".to_owned()))
}
