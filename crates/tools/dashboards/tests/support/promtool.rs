//! Prometheus' own `promtool`, which checks rules and queries as the server does.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use testkit::skip_without;

/// Runs `promtool ACTION rules FILE` on a file with this text: Ok if promtool accepts it, otherwise
/// an error with its whole output. None if promtool is missing.
///
/// # Panics
/// If promtool is missing in CI.
pub(crate) fn rules(action: &str, text: &str) -> Option<Result<(), String>> {
    // Tests run in threads of one process, so the process id alone is not unique.
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = format!("dashboards-promtool-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(folder);
    fs::create_dir_all(&folder).expect("the temporary folder can be written");
    let file = folder.join("rules.yml");
    fs::write(&file, text).expect("the temporary folder can be written");
    let mut promtool = Command::new("promtool");
    let output = promtool.args([action, "rules"]).arg(&file).output();
    // Failing to remove a temporary folder does not fail the test.
    let _ = fs::remove_dir_all(&folder);
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
