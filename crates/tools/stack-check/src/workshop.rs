//! A folder for the files of the checks.

use std::path::PathBuf;

use tooling::command::root;

/// The folder, which exists afterwards.
///
/// # Errors
/// When it cannot be created.
pub fn workshop() -> Result<PathBuf, String> {
    let folder = root().join("target/check-stack");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}
