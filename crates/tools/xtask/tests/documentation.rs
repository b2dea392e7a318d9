//! Documents point to what exists: a moved file or a renamed heading fails here, with the place
//! that names it.

use std::fs;
use std::path::{Path, PathBuf};

use tooling::command::root;

/// Streets of the workspace and other folders that documents name in code marks.
const PATHS: [&str; 7] = [
    "crates/",
    "dashboards/",
    "deploy/",
    "docs/",
    "findings/",
    "stack/",
    "traffic-gen/",
];

/// What a reader sees on two screens.
const README_LINES: usize = 120;

/// Every Markdown file of the repository's root, of `docs/` and of its folders, with its text.
fn documents() -> Vec<(PathBuf, String)> {
    let folders = ["", "docs", "docs/decisions", "docs/runbooks"].map(|folder| root().join(folder));
    let files = folders
        .iter()
        .flat_map(|folder| folder.read_dir().expect("a folder").flatten());
    let files = files.map(|entry| entry.path());
    let documents = files.filter(|file| file.extension().is_some_and(|it| it == "md"));
    let read = |file: PathBuf| {
        let text = fs::read_to_string(&file).expect("a document is UTF-8");
        (file, text)
    };
    documents.map(read).collect()
}

/// The targets of `[text](target)` outside of code.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1);
    let targets = targets.filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://"))
}

/// A heading's anchor, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let words = heading.trim().to_lowercase();
    let kept = words.chars().filter_map(|letter| match letter {
        ' ' => Some('-'),
        _ if letter.is_alphanumeric() || "-_".contains(letter) => Some(letter),
        _ => None,
    });
    kept.collect()
}

fn has_anchor(file: &Path, wanted: &str) -> bool {
    let text = fs::read_to_string(file).expect("a document is UTF-8");
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let mut anchors = headings.map(|line| anchor(line.trim_start_matches('#')));
    anchors.any(|anchor| anchor == wanted)
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut found = 0;
    for (file, text) in documents() {
        for target in links(&text) {
            found += 1;
            let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
            let folder = file.parent().expect("a file is in a folder");
            let path = if path.is_empty() {
                file.clone()
            } else {
                folder.join(path)
            };
            assert!(path.exists(), "{}: {target}", file.display());
            let heading = fragment.is_empty() || has_anchor(&path, fragment);
            assert!(heading, "{}: no heading for {target}", file.display());
        }
    }
    assert!(found > 15, "only {found} links found");
}

#[test]
fn every_path_in_code_marks_exists() {
    let mut found = 0;
    for (file, text) in documents() {
        // A changelog names what was there.
        if file.ends_with("CHANGELOG.md") {
            continue;
        }
        let marked = text.split('`').skip(1).step_by(2);
        let is_path = |code: &&str| PATHS.iter().any(|path| code.starts_with(path));
        let is_plain =
            |code: &&str| !code.contains(['*', ' ', '\n', '<']) && !code.contains("N.env");
        for path in marked.filter(is_path).filter(is_plain) {
            found += 1;
            assert!(root().join(path).exists(), "{}: {path}", file.display());
        }
    }
    assert!(found > 30, "only {found} paths found");
}

#[test]
fn the_readme_is_two_screens_long() {
    let readme = fs::read_to_string(root().join("README.md")).expect("a README");
    let lines = readme.lines().count();
    assert!(
        lines <= README_LINES,
        "{lines} lines; the rest belongs in docs/"
    );
}
