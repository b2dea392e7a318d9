//! The runbooks in `docs/runbooks`: one for each alert, all with the same sections.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// The sections of a runbook, in order.
pub const SECTIONS: [&str; 5] = [
    "What it means for users",
    "First query",
    "Likely causes",
    "What to do",
    "How to see that it is over",
];

/// A runbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runbook {
    /// The alert that it is for: the file's name.
    pub alert: String,
    /// The first line, without its `#`.
    pub title: String,
    /// The sections, in order.
    pub sections: Vec<Section>,
}

/// A section: the text below a heading of the second level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// The lines below it.
    pub text: String,
}

/// A query of a runbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// `promql`, `logql`, `traceql`, or whatever the block of code is marked with.
    pub language: String,
    /// The query.
    pub text: String,
}

/// The folder of the runbooks in the checkout.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/runbooks")
}

/// Reads every runbook, sorted by alert.
///
/// # Errors
/// When the folder or a file cannot be read.
pub fn read_all() -> io::Result<Vec<Runbook>> {
    let mut runbooks = Vec::new();
    for entry in folder().read_dir()? {
        let path = entry?.path();
        // The folder also has a file for kustomize.
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let alert = path.file_stem().unwrap_or_default().to_string_lossy();
        runbooks.push(Runbook::parse(&alert, &fs::read_to_string(&path)?));
    }
    runbooks.sort_by(|a, b| a.alert.cmp(&b.alert));
    Ok(runbooks)
}

impl Runbook {
    /// Parses the Markdown of the runbook for `alert`.
    #[must_use]
    pub fn parse(alert: &str, markdown: &str) -> Self {
        let mut parts = markdown.split("\n## ");
        let title = parts.next().unwrap_or_default().trim();
        let sections = parts.map(|part| {
            let (heading, text) = part.split_once('\n').unwrap_or((part, ""));
            Section {
                heading: heading.trim().to_owned(),
                text: text.to_owned(),
            }
        });
        Self {
            alert: alert.to_owned(),
            title: title.trim_start_matches("# ").to_owned(),
            sections: sections.collect(),
        }
    }

    /// The queries of all sections.
    #[must_use]
    pub fn queries(&self) -> Vec<Query> {
        self.sections.iter().flat_map(Section::queries).collect()
    }
}

impl Section {
    /// The queries: its blocks of code.
    #[must_use]
    pub fn queries(&self) -> Vec<Query> {
        let blocks = self.text.split("```").skip(1).step_by(2);
        blocks
            .map(|block| {
                let (language, text) = block.split_once('\n').unwrap_or((block, ""));
                Query {
                    language: language.to_owned(),
                    text: text.trim().to_owned(),
                }
            })
            .collect()
    }
}
