//! Drills without a dialogue, and what they refuse.

use faults::{Fault, Flags};

use crate::{Place, is_over, json, stderr};

#[tokio::test]
async fn the_right_answer_is_worth_all_points() {
    let place = Place::new();
    let output = place
        .run(&[
            "--fault=slow-die-service",
            "--delay=0s",
            "--after=1s",
            "--answers=service=die-service,kind=latency,since=1s",
            "--json",
        ])
        .await;
    assert!(output.status.success(), "{output:?}");
    let report = json(&output);
    assert_eq!(report["fault"]["name"], "slow-die-service");
    assert_eq!(report["fault"]["alert"], "RollLatencyBudgetBurn");
    assert_eq!(report["score"]["total"], 100, "{report:#}");
    assert_eq!(report["seed"], serde_json::Value::Null);
    let evidence = report["evidence"].as_array().expect("a list");
    let query = |signal: &str| {
        let found = evidence.iter().find(|it| it["signal"] == signal);
        found.map(|it| it["query"].as_str().expect("text").to_owned())
    };
    let expected = Fault::SlowDieService.spec().signal.query;
    assert_eq!(query("metrics").as_deref(), Some(expected));
    assert!(query("traces").expect("TraceQL").contains("die-service"));
    assert!(is_over(&place.flags()), "{:?}", place.flags());
}

#[tokio::test]
async fn hints_cost_points_and_a_part_is_worth_its_part() {
    let place = Place::new();
    let output = place
        .run(&[
            "--fault=bad-release",
            "--delay=0s",
            "--after=1s",
            "--answers=service=dice-roller,kind=errors",
            "--hints=2",
        ])
        .await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    for row in [
        ["service", "40", "of", "40"],
        ["kind", "15", "of", "30"],
        ["since", "0", "of", "30"],
        ["total", "35", "of", "100"],
    ] {
        assert!(rows.contains(&row.to_vec()), "{row:?} is not in {text}");
    }
    assert!(text.contains("It was bad-release"), "{text}");
}

#[tokio::test]
async fn without_a_fault_none_is_right() {
    for (answers, total) in [
        ("service=none,kind=none", 100),
        ("service=frontend,kind=latency,since=1s", 0),
    ] {
        let place = Place::new();
        let answers = format!("--answers={answers}");
        let flags = ["--fault=none", "--delay=0s", "--after=0s", "--json"];
        let output = place.run(&[&flags[..], &[&answers]].concat()).await;
        let report = json(&output);
        assert_eq!(report["fault"], serde_json::Value::Null);
        assert_eq!(report["score"]["total"], total, "{report:#}");
        assert_eq!(report["evidence"], serde_json::json!([]));
    }
}

#[tokio::test]
async fn a_seed_decides() {
    let place = Place::new();
    let drill = async |seed: &str| {
        let flags = ["--delay=0s", "--after=0s", "--answers=service=none"];
        let output = place.run(&[&flags[..], &[seed, "--json"]].concat()).await;
        json(&output)["fault"].clone()
    };
    let first = drill("--seed=3").await;
    assert_eq!(drill("--seed=3").await, first);
    let mut others = Vec::new();
    for seed in 4..9 {
        others.push(drill(&format!("--seed={seed}")).await);
    }
    assert!(others.iter().any(|fault| *fault != first), "{others:?}");
}

#[tokio::test]
async fn the_list_has_the_faults_of_the_stage_and_the_words_of_answers() {
    let place = Place::new();
    let list = json(&place.run(&["--list", "--json", "--stage=1"]).await);
    let text = list.to_string();
    assert!(text.contains("loaded-die") && !text.contains("slow-die-service"));
    assert!(list["services"].to_string().contains("dice-roller"));
    assert!(list["kinds"].to_string().contains("latency"));
    let output = place.run(&["--list", "--stage=6"]).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for word in ["refusing-usage-sink", "usage-sink", "correctness", "none"] {
        assert!(text.contains(word), "{word} is not in {text}");
    }
    assert!(!place.file.exists(), "a list holds no drill");
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_what_can() {
    let place = Place::new();
    for (flags, words) in [
        (
            &["--fault=slow-dye"][..],
            "there is no fault \"slow-dye\"; the faults are slow-die-service",
        ),
        (
            &["--fault=pool-leak"],
            "pool-leak cannot be chosen: it needs stage 5 or later",
        ),
        (
            &["--answers=service=die-servce"],
            "there is no service \"die-servce\"; expected none, or of frontend",
        ),
        (
            &["--answers=kind=slow"],
            "there is no kind \"slow\"; expected none or one of latency, errors",
        ),
        (
            &["--answers=since=yesterday"],
            "expected a time of day as in 20:31:05",
        ),
        (
            &["--answers=yes"],
            "expected service=NAME,kind=KIND,since=TIME",
        ),
        (&["--hints=1"], "--answers"),
        (&["--fault=none", "--seed=1"], "cannot be used with"),
    ] {
        let output = place.run(flags).await;
        assert!(!output.status.success(), "{flags:?}");
        let said = stderr(&output);
        assert!(said.contains(words), "{words:?} is not in {said}");
        assert!(!place.file.exists(), "{flags:?} changes nothing");
    }
}

#[tokio::test]
async fn a_fault_that_is_on_already_is_in_the_way() {
    let place = Place::new();
    let mut flags = Flags::default();
    flags.switch_on(Fault::LogFlood, None).expect("a strength");
    flags.write(&place.file).expect("a file");
    let output = place.run(&["--fault=none", "--delay=0s"]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.contains("these faults are on already: log-flood"),
        "{said}"
    );
    assert_eq!(place.flags(), flags);
}
