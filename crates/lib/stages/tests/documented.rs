//! The stages as the documents and their own files describe them.

use stages::{Component, Stage};

const README: &str = include_str!("../../../../README.md");

const PAGE: &str = include_str!("../../../../docs/stages.md");

/// The numbered items of the list below `head`, without code marks.
fn items(document: &str, head: &str) -> Vec<String> {
    let list = document.split_once(&format!("\n{head}\n"));
    let (_, list) = list.unwrap_or_else(|| panic!("no list below {head}"));
    let lines = list
        .trim_start()
        .lines()
        .take_while(|line| !line.is_empty());
    lines
        .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))
        .map(|line| line.replace('`', ""))
        .collect()
}

fn assert_same_tasks(items: &[String], stage: Stage) {
    assert_eq!(items.len(), 3, "stage {stage}: {items:#?}");
    for (number, (item, task)) in items.iter().zip(stage.tasks()).enumerate() {
        let start = format!("{}. **{}.**", number + 1, task.what);
        assert!(item.starts_with(&start), "{start:?}, not {item:?}");
    }
}

#[test]
fn the_readme_has_the_same_three_things_to_try() {
    let items = items(README, "Three things to try, with what they show:");
    assert_same_tasks(&items, Stage::DEFAULT);
}

#[test]
fn the_page_of_stages_has_the_same_three_things_to_try() {
    for stage in Stage::ALL {
        let items = items(PAGE, &format!("**Stage {stage}**"));
        assert_same_tasks(&items, stage);
    }
}

/// The cells of the table's rows, which begin with the number of a stage.
fn rows(document: &str) -> Vec<Vec<&str>> {
    let rows = document.lines().filter_map(|line| line.strip_prefix("| "));
    rows.filter(|row| row.starts_with(|c: char| c.is_ascii_digit()))
        .map(|row| {
            row.trim_end_matches('|')
                .split('|')
                .map(str::trim)
                .collect()
        })
        .collect()
}

#[test]
fn the_readme_has_the_same_table_of_stages() {
    let expected = Stage::ALL.map(|stage| {
        let (title, to_look_at) = (stage.title(), stage.to_look_at());
        [stage.to_string(), title.to_owned(), to_look_at.to_owned()]
    });
    assert_eq!(rows(README), expected);
}

#[test]
fn the_page_of_stages_has_the_same_table_with_ports() {
    let expected = Stage::ALL.map(|stage| {
        let port = |component| match stage.port(component) {
            Some(port) => port.to_string(),
            None => String::new(),
        };
        [
            stage.to_string(),
            stage.title().to_owned(),
            stage.to_look_at().to_owned(),
            port(Component::DieService),
            port(Component::DiceRoller),
            port(Component::Frontend),
        ]
    });
    assert_eq!(rows(PAGE), expected);
}

/// Its file in `stack/stages`.
fn file(stage: Stage) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../..");
    let path = format!("{root}/stack/stages/{stage}.env");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_file_of_a_stage_begins_with_its_title() {
    for stage in Stage::ALL {
        let title = format!("# Stage {stage}: {}.", stage.title());
        assert_eq!(file(stage).lines().next(), Some(&*title));
    }
}

#[test]
fn the_file_of_a_stage_has_the_command_that_starts_it() {
    let others = Stage::ALL.into_iter();
    for stage in others.filter(|stage| *stage != Stage::DEFAULT) {
        let command = format!("#   {}", stage.compose_up());
        assert!(
            file(stage).lines().any(|line| line == command),
            "no {command}"
        );
    }
}
