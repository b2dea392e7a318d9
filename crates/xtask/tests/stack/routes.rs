//! The ways of log lines out of Alloy: stack/alloy/routes, of which one file is mounted.

use crate::files::{addresses, assert_reachable_among, root, text};
use crate::stages::stages;

const ROUTES: [&str; 3] = ["loki", "usage", "usage-and-loki"];

fn route(name: &str) -> String {
    text(&format!("stack/alloy/routes/{name}.alloy"))
}

/// A file's blocks, as the words before each brace, the labels' quotes removed.
fn components(file: &str) -> Vec<String> {
    let heads = file
        .lines()
        .filter(|line| !line.starts_with(['\t', '}', '/']));
    let heads = heads.filter_map(|line| line.strip_suffix(" {"));
    heads.map(|head| head.replace('"', "")).collect()
}

/// The part of a file that is the block of that head.
fn block(file: &str, head: &str) -> String {
    let (_, rest) = file
        .split_once(&format!("{head} {{\n"))
        .unwrap_or_else(|| panic!("no {head}"));
    rest.split_once("\n}").expect("an end").0.to_owned()
}

#[test]
fn exactly_one_file_is_mounted_beside_the_common_one() {
    for stage in stages() {
        let alloy = stage.service("alloy");
        let name = &stage.env["LOG_ROUTES"];
        let mounts: Vec<_> = alloy
            .binds()
            .into_iter()
            .filter(|(_, target, _)| target.starts_with("/etc/alloy/"))
            .map(|(source, ..)| source)
            .collect();
        let expected = [
            "./stack/alloy/config.alloy".to_owned(),
            format!("./stack/alloy/routes/{name}.alloy"),
        ];
        assert_eq!(mounts, expected, "stage {}", stage.number);
        assert!(alloy.list("command").contains(&"/etc/alloy/".to_owned()));
    }
}

#[test]
fn usage_lines_have_a_way_of_their_own_where_there_is_somebody_to_take_them() {
    for stage in stages() {
        let sink = stage.service("usage-sink").is_default();
        let name = &stage.env["LOG_ROUTES"];
        assert_eq!(name == "usage", sink, "stage {}", stage.number);
        for address in addresses(&route(name)) {
            assert_reachable_among(&stage.running(), address, name);
        }
    }
    let folder = root()
        .join("stack/alloy/routes")
        .read_dir()
        .expect("a folder");
    assert_eq!(folder.count(), ROUTES.len());
}

/// A full queue of a branch that nobody asked for would stall every line.
#[test]
fn without_a_sink_there_is_no_branch_to_it() {
    assert_eq!(components(&route("loki")), ["loki.process routes"]);
    let common = text("stack/alloy/config.alloy");
    assert!(!common.contains("usage"));
    assert!(common.contains("forward_to = [loki.process.routes.receiver]"));
}

#[test]
fn a_line_goes_to_one_place_or_with_the_switch_to_both() {
    let branches = |name: &str| {
        let routes = block(&route(name), r#"loki.process "routes""#);
        let list = routes
            .lines()
            .find_map(|line| line.trim().strip_prefix("forward_to = "));
        list.expect("a list").to_owned()
    };
    assert_eq!(branches("loki"), "[loki.write.loki.receiver]");
    let usage = "loki.process.usage.receiver";
    assert_eq!(
        branches("usage"),
        format!("[loki.process.operational.receiver, {usage}]")
    );
    assert_eq!(
        branches("usage-and-loki"),
        format!("[loki.process.everything.receiver, {usage}]")
    );

    let file = route("usage");
    let operational = block(&file, r#"loki.process "operational""#);
    assert!(
        operational.contains(r#"selector            = "{usage=\"true\"}""#),
        "{operational}"
    );
    let everything = block(&route("usage-and-loki"), r#"loki.process "everything""#);
    assert!(!everything.contains("stage.match"), "{everything}");
}

/// Only the word "true" counts, which is also what Alloy makes of the JSON boolean.
#[test]
fn what_is_no_usage_line_does_not_get_to_the_sink() {
    for name in ["usage", "usage-and-loki"] {
        let branch = block(&route(name), r#"loki.process "usage""#);
        assert!(
            branch.contains(r#"selector            = "{usage!=\"true\"}""#),
            "{branch}"
        );
        assert!(branch.contains("forward_to = [otelcol.receiver.loki.usage.receiver]"));
    }
}

/// The label is for the selectors; as a label of Loki's it would split every stream.
#[test]
fn no_branch_keeps_the_label() {
    for name in ["usage", "usage-and-loki"] {
        let file = route(name);
        let label = "\tstage.label_drop {\n\t\tvalues = [\"usage\"]\n\t}";
        assert_eq!(file.matches(label).count(), 2, "{name}");
    }
}

/// The two differ in nothing but what goes to Loki.
#[test]
fn the_way_to_the_sink_is_the_same_in_both_files() {
    for head in [
        r#"loki.process "usage""#,
        r#"otelcol.receiver.loki "usage""#,
        r#"otelcol.exporter.otlphttp "usage""#,
    ] {
        let blocks = [route("usage"), route("usage-and-loki")].map(|file| block(&file, head));
        assert_eq!(blocks[0], blocks[1], "{head}");
    }
}

#[test]
fn nothing_is_given_up_while_the_sink_is_away() {
    let exporter = block(&route("usage"), r#"otelcol.exporter.otlphttp "usage""#);
    for setting in [
        r#"encoding = "json""#,
        r#"compression = "gzip""#,
        "queue_size        = 10000",
        "block_on_overflow = true",
        r#"max_elapsed_time = "0s""#,
    ] {
        assert!(exporter.contains(setting), "no {setting}");
    }
}
