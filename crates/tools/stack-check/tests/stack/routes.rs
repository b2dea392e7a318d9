//! Destinations of log lines in Alloy: Loki, and usage-sink for usage lines if the stage has it.

use stages::Stage;

use crate::files::{addresses, alloy, assert_reachable_among, text};
use crate::projects::{project, projects};

/// The block of Alloy's configuration with that header.
fn block(head: &str) -> String {
    let file = alloy();
    let (_, rest) = file
        .split_once(&format!("{head} {{\n"))
        .unwrap_or_else(|| panic!("no {head}"));
    rest.split_once("\n}").expect("an end").0.to_owned()
}

/// A collector that is replaced together with the services would lose their last lines, so its
/// definition must not depend on the stage.
#[test]
fn alloy_is_the_same_in_every_stage() {
    let by_default = project(Stage::DEFAULT).service("alloy").it.clone();
    for project in projects() {
        let alloy = project.service("alloy");
        assert_eq!(alloy.it, by_default, "stage {}", project.stage);
    }
}

#[test]
fn usage_lines_have_a_separate_path_if_a_service_accepts_them() {
    for project in projects() {
        let running = project.running();
        let takers: Vec<_> = running
            .iter()
            .filter_map(|service| {
                Some((service.name.clone(), service.label("observability.usage")?))
            })
            .collect();
        let expected = [("usage-sink".to_owned(), "usage".to_owned())];
        let expected = if project.stage == Stage::Six {
            &expected[..]
        } else {
            &[]
        };
        assert_eq!(takers, expected, "stage {}", project.stage);
    }
    let last = project(Stage::Six);
    for address in addresses(&block(r#"otelcol.exporter.otlphttp "usage""#)) {
        assert_reachable_among(&last.running(), address, "usage lines");
    }
}

/// Alloy must check for all values of the label that LOG_ROUTES may have.
#[test]
fn each_value_of_the_switch_is_checked() {
    for (name, value) in [("usage", "usage"), ("usage_and_loki", "usage-and-loki")] {
        let discovery = block(&format!(r#"discovery.docker "{name}""#));
        let filter = format!(r#"values = ["observability.usage={value}"]"#);
        assert!(discovery.contains(&filter), "{discovery}");
    }
    let sink = text("docker-compose.yml");
    assert!(sink.contains("observability.usage: ${LOG_ROUTES:-usage}"));
}

/// The frontend waits for usage-sink, which Alloy discovers before the frontend.
#[test]
fn usage_sink_is_discovered_before_the_first_usage_line_is_read() {
    let seconds = |head: &str| {
        let block = block(head);
        let (_, rest) = block
            .split_once("refresh_interval = \"")
            .expect("an interval");
        let seconds = rest.split_once("s\"").expect("seconds").0;
        seconds.parse::<u32>().expect("a number")
    };
    let apps = seconds(r#"discovery.docker "apps""#);
    for name in ["usage", "usage_and_loki"] {
        assert!(seconds(&format!(r#"discovery.docker "{name}""#)) < apps);
    }
    let frontend = project(Stage::Six).service("frontend").clone();
    let wait = &frontend.it["depends_on"]["usage-sink"];
    assert_eq!(wait["condition"], "service_healthy");
    assert_eq!(wait["required"], false, "stages 2 to 5 have no usage-sink");
}

#[test]
fn a_line_goes_to_one_place_or_with_the_switch_to_both() {
    let routes = block(r#"loki.process "routes""#);
    let usage = "loki.process.usage.receiver";
    for (case, branches) in [
        ("true true", "[loki.process.everything.receiver]".to_owned()),
        (
            "false true",
            format!("[loki.process.operational.receiver, {usage}]"),
        ),
        (
            "true false",
            format!("[loki.process.everything.receiver, {usage}]"),
        ),
        (
            "false false",
            format!("[loki.process.operational.receiver, {usage}]"),
        ),
    ] {
        let line = routes
            .lines()
            .find(|line| line.contains(&format!("\"{case}\"")));
        let line = line.unwrap_or_else(|| panic!("no case {case}"));
        assert!(
            line.trim_end().ends_with(&format!("= {branches},")),
            "{line}"
        );
    }
    let operational = block(r#"loki.process "operational""#);
    assert!(
        operational.contains(r#"selector            = "{usage=\"true\"}""#),
        "{operational}"
    );
    let everything = block(r#"loki.process "everything""#);
    assert!(!everything.contains("stage.match"), "{everything}");
}

/// Only the string "true" counts, to which Alloy also converts the JSON boolean.
#[test]
fn only_usage_lines_reach_the_sink() {
    let branch = block(r#"loki.process "usage""#);
    assert!(
        branch.contains(r#"selector            = "{usage!=\"true\"}""#),
        "{branch}"
    );
    assert!(branch.contains("forward_to = [otelcol.receiver.loki.usage.receiver]"));
}

/// The label is for the selectors; in Loki it would split every stream.
#[test]
fn no_branch_keeps_the_label() {
    for name in ["operational", "everything", "usage"] {
        let branch = block(&format!(r#"loki.process "{name}""#));
        let label = "\tstage.label_drop {\n\t\tvalues = [\"usage\"]\n\t}";
        assert!(branch.contains(label), "{name}");
    }
}

#[test]
fn no_line_is_dropped_while_the_sink_is_down() {
    let exporter = block(r#"otelcol.exporter.otlphttp "usage""#);
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
