//! What a stage consists of: its file in `stack/stages`, as Docker Compose reads it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The stack's files.
pub(crate) const STACK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../stack");

/// The variables of one stage.
pub(crate) struct Topology(BTreeMap<String, String>);

impl Topology {
    pub(crate) fn read(stage: u8) -> Self {
        let file = Path::new(STACK).join(format!("stages/{stage}.env"));
        let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let variables = lines.filter_map(|line| line.split_once('='));
        Self(
            variables
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// Whether there is a container of it: `FRONTEND`.
    pub(crate) fn has(&self, service: &str) -> bool {
        self.get(&format!("{service}_SCALE")) == "1"
    }

    /// The value of a variable that every stage has.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0
            .get(name)
            .unwrap_or_else(|| panic!("no {name} in {:?}", self.0))
    }
}
