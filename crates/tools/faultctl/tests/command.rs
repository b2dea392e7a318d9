//! The command: what it prints, writes and refuses.

use std::process::{Command, Output};

use faults::{Fault, Flags};
use serde_json::Value;
use tempfile::TempDir;

/// Runs the program on the file `flags.json` of this folder, in this stage if any.
fn run(folder: &TempDir, stage: Option<u8>, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faultctl"));
    command.args(arguments).env_remove("STAGE");
    command.env("FAULTS_FILE", folder.path().join("flags.json"));
    if let Some(stage) = stage {
        command.env("STAGE", stage.to_string());
    }
    command.output().expect("it starts")
}

fn done(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn refused(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn flags(folder: &TempDir) -> Flags {
    Flags::read(&folder.path().join("flags.json")).expect("a good file")
}

fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

#[test]
fn faults_are_switched_on_and_off() {
    let folder = folder();
    let said = done(&run(&folder, Some(4), &["on", "slow-die-service"]));
    let first = "slow-die-service is on (1.5 s added to each answer): Each answer";
    assert!(said.starts_with(first), "{said}");
    assert!(said.ends_with("Alert: RollLatencyBudgetBurn.\n"), "{said}");
    let strong = ["on", "failing-die-service", "--strength", "0.5"];
    done(&run(&folder, None, &strong));
    done(&run(&folder, None, &["on", "dead-collector"]));
    let on: Vec<_> = flags(&folder).on().collect();
    let expected = [
        (Fault::SlowDieService, 1.5),
        (Fault::FailingDieService, 0.5),
        (Fault::DeadCollector, 1.0),
    ];
    assert_eq!(on, expected);
    let off = || done(&run(&folder, None, &["off", "slow-die-service"]));
    assert_eq!(off(), "slow-die-service is off.\n");
    assert_eq!(off(), "slow-die-service was off already.\n");
    assert_eq!(flags(&folder).on().count(), 2);
    assert_eq!(done(&run(&folder, None, &["off"])), "Every fault is off.\n");
    assert_eq!(flags(&folder), Flags::default());
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let folder = folder();
    let rows: [(&[&str], &str); 5] = [
        (
            &["on", "slow-dye"],
            "there is no fault \"slow-dye\"; the faults are slow-die-service, ",
        ),
        (&["off", "slow-dye"], "there is no fault \"slow-dye\""),
        (
            &["on", "failing-die-service", "--strength=2"],
            "strength 2 of failing-die-service is not allowed, expected 0.01 to 1 (of the requests)",
        ),
        (
            &["on", "pool-leak"],
            "pool-leak needs stage 5 or later, and this is stage 4; if stage 5 runs, name it: \
             docker compose --env-file stack/stages/5.env run",
        ),
        (
            &["on", "refusing-usage-sink"],
            "refusing-usage-sink needs stage 6 or later",
        ),
    ];
    for (arguments, reason) in rows {
        let said = refused(&run(&folder, Some(4), arguments));
        assert!(said.contains(reason), "{said}");
    }
    let files = std::fs::read_dir(folder.path()).expect("a folder");
    assert_eq!(files.count(), 0);
    done(&run(&folder, Some(5), &["on", "pool-leak"]));
    done(&run(&folder, None, &["on", "refusing-usage-sink"]));
    let said = refused(&run(&folder, Some(7), &["list"]));
    assert!(said.contains("7 is not in 1..=6"), "{said}");
}

#[test]
fn the_list_has_every_fault_and_what_is_on() {
    let folder = folder();
    done(&run(&folder, None, &["on", "loaded-die", "--strength=3"]));
    let said = done(&run(&folder, Some(4), &["list"]));
    for fault in Fault::ALL {
        let spec = fault.spec();
        let mut lines = said.lines();
        let line = lines.find(|line| line.split(' ').next() == Some(fault.name()));
        let line = line.unwrap_or_else(|| panic!("{said} lacks {fault}"));
        let now = match fault {
            Fault::LoadedDie => "on (3 times as likely as each other face)",
            _ if spec.stage > 4 => "not in this stage",
            _ => "off",
        };
        assert!(line.contains(spec.service) && line.ends_with(now), "{line}");
        for text in [spec.effect, spec.signal.look] {
            assert!(said.contains(text), "{said} lacks {text}");
        }
    }
    let said = done(&run(&folder, None, &["list", "--json"]));
    let rows: Vec<Value> = serde_json::from_str(&said).expect("JSON");
    let names = rows.iter().filter_map(|row| row["name"].as_str());
    assert_eq!(names.collect::<Vec<_>>(), Fault::ALL.map(Fault::name));
    let loaded = rows.last().expect("rows");
    assert_eq!(loaded["on"], 3.0);
    assert_eq!(loaded["alert"], "LoadedDie");
    assert!(rows[0]["on"].is_null());
    let query = rows[0]["signal"]["query"].as_str();
    assert!(query.is_some_and(|query| query.contains("die-service")));
}

#[test]
fn a_drill_hides_what_is_on_and_is_not_disturbed() {
    let folder = folder();
    let mut hidden = Flags::default();
    let on = hidden.switch_on(Fault::LostContext, None);
    assert_eq!(on, Ok(1.0));
    hidden.set_hidden(true);
    let written = hidden.write(&folder.path().join("flags.json"));
    written.expect("a folder");
    let said = done(&run(&folder, None, &["list"]));
    assert!(
        !said.contains(" on\n") && !said.contains(" off\n"),
        "{said}"
    );
    let last = "A drill is running: what is on is hidden until it ends.\n";
    assert!(said.ends_with(last), "{said}");
    let said = done(&run(&folder, None, &["list", "--json"]));
    let rows: Vec<Value> = serde_json::from_str(&said).expect("JSON");
    let is_hidden = |row: &Value| row["on"].is_null() && row["hidden"] == true;
    assert!(rows.iter().all(is_hidden), "{said}");
    for arguments in [["on", "log-flood"], ["off", "lost-context"]] {
        let said = refused(&run(&folder, None, &arguments));
        assert!(said.contains("a drill is running; end it first"), "{said}");
    }
    assert_eq!(flags(&folder), hidden);
    done(&run(&folder, None, &["off"]));
    assert_eq!(flags(&folder), Flags::default());
}

#[test]
fn a_malformed_file_is_named_with_its_place_and_can_be_replaced() {
    let folder = folder();
    let written = std::fs::write(folder.path().join("flags.json"), "{\n  oops");
    written.expect("a folder");
    for arguments in [&["list"][..], &["on", "log-flood"]] {
        let said = refused(&run(&folder, None, arguments));
        let place = "flags.json: line 2, column 3: key must be a string";
        assert!(said.contains(place), "{said}");
    }
    done(&run(&folder, None, &["off"]));
    assert_eq!(flags(&folder), Flags::default());
}
