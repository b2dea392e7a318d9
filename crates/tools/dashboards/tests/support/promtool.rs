//! Prometheus' own `promtool`, which checks rules and queries as the server does.

use std::io::Write;
use std::process::Command;

use tempfile::NamedTempFile;
use testkit::skip_without;

/// Runs `promtool ACTION rules FILE` on a file with this text: Ok if promtool accepts it, otherwise
/// an error with its whole output. None if promtool is missing.
///
/// # Panics
/// If promtool is missing in CI.
pub(crate) fn rules(action: &str, text: &str) -> Option<Result<(), String>> {
    let mut file = NamedTempFile::new().expect("the temporary folder can be written");
    file.write_all(text.as_bytes())
        .expect("the temporary folder can be written");
    let mut promtool = Command::new("promtool");
    let output = promtool.args([action, "rules"]).arg(file.path()).output();
    match output {
        Ok(output) if output.status.success() => Some(Ok(())),
        Ok(output) => Some(Err(format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ))),
        Err(error) => {
            skip_without(format_args!("promtool: {error}"));
            None
        }
    }
}
