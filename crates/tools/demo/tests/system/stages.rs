//! The stages without a database: what each contains, prints and leaves behind.

use std::collections::BTreeSet;
use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::Value;
use signals::tempo::Span;
use stages::{Component, Stage};
use testkit::{AT_ONCE, Metrics, eventually, get};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::demo::{Demo, command, free_ports, services_of};
use crate::processes::{Pid, all_gone};
use crate::support::PROGRAM;

/// By the index of their port among the flags.
pub(crate) const SERVICES: [&str; 3] = ["die-service", "dice-roller", "frontend"];

/// The services of a stage, by the index of their port among the flags.
fn services(stage: Stage) -> Vec<usize> {
    let components = Component::ALL.into_iter();
    let there = components.filter(|component| stage.runs(*component));
    let place = |component: Component| SERVICES.iter().position(|name| *name == component.name());
    let mut places: Vec<usize> = there.filter_map(place).collect();
    places.sort_unstable();
    places
}

#[tokio::test]
async fn each_stage_has_its_services_and_no_others() {
    for stage in [Stage::One, Stage::Two, Stage::Three, Stage::Four] {
        let mut demo = Demo::spawn(&[&format!("--stage={stage}"), "--no-traffic"]);
        let said = demo.introduction().await;
        let services = services(stage);
        let entry = *services.last().expect("one");
        for word in [
            format!("stage {stage} of 6"),
            format!("http://localhost:{}", demo.ports[entry]),
            "  3. ".to_owned(),
        ] {
            assert!(said.contains(&word), "{word:?} is not in {said}");
        }
        for word in ["{page}", "{roller}", "{traces}"] {
            assert!(!said.contains(word), "{word} of {said}");
        }
        for (place, name) in SERVICES.iter().enumerate() {
            let there = TcpStream::connect(("127.0.0.1", demo.ports[place])).await;
            assert_eq!(there.is_ok(), services.contains(&place), "{stage}: {name}");
            if there.is_ok() {
                assert_eq!(get(&demo.url(place, "/healthz")).await.0, 200);
            }
        }
        let expected: BTreeSet<String> = services.iter().map(|i| SERVICES[*i].to_owned()).collect();
        roll_and_trace(&demo, entry, &expected).await;
        let children = pid(&demo).children();
        assert_eq!(children.len(), services.len());
        let (output, took) = demo.stop(Signal::SIGTERM).await;
        assert!(output.status.success(), "{output:?}");
        assert!(took < AT_ONCE, "{took:?}");
        all_gone(&children).await;
    }
}

/// Rolls once at the service on that port, and waits until the trace has spans of all `expected`
/// services and no others.
async fn roll_and_trace(demo: &Demo, entry: usize, expected: &BTreeSet<String>) {
    let id = "5bf92f3577b34da6a3ce929d0e0e4736";
    let roll = testkit::client().get(demo.url(entry, "/roll?die=fair"));
    let roll = roll.header("traceparent", format!("00-{id}-00f067aa0ba902b7-01"));
    let answer = roll.send().await.expect("an answer");
    let answer: Value = answer.json().await.expect("JSON");
    let value = answer["roll"].as_u64().expect("a number");
    assert!((1..=6).contains(&value), "{answer}");
    let what = format!("a trace of {expected:?}");
    let are_all = |spans: &[Span]| services_of(spans) == *expected;
    demo.trace(id, &what, are_all).await;
}

#[tokio::test]
async fn traffic_uses_the_endpoints_of_the_stage() {
    for stage in [1, 3, 4] {
        let mut demo = Demo::spawn(&[&format!("--stage={stage}")]);
        let rolls = eventually("rolls", || async {
            let metrics = Metrics::try_scrape(&demo.url(1, "/metrics")).await.ok()?;
            (metrics.sum("dice_rolls_total", &[]) >= 2.0).then_some(metrics)
        })
        .await;
        let unknown = ["handler=\"unknown\""];
        let asked = rolls.sum("http_requests_total", &unknown);
        assert_eq!(asked, 0.0, "dice-roller gets requests for rolls only");
        let traffic = arguments(&demo, "traffic-gen").await;
        let entry = demo.url(if stage == 1 { 1 } else { 2 }, "");
        let port = entry.rsplit(':').next().expect("a port");
        let goes_to = format!("--frontend-url=http://localhost:{port}");
        assert!(traffic.contains(&goes_to), "{traffic:?}");
        let has = |flag: &str| traffic.iter().any(|argument| argument == flag);
        assert_eq!(has("--only-rolls"), stage == 1, "{traffic:?}");
        assert_eq!(has("--async-probability=0"), stage < 4, "{traffic:?}");
        if stage == 1 {
            demo.live_line(|line| line.ends_with("traces kept") && !line.contains(" 0 rolls"))
                .await;
        }
        demo.stop(Signal::SIGTERM).await;
    }
}

/// The command line of the child that runs that program.
async fn arguments(demo: &Demo, program: &str) -> Vec<String> {
    eventually(program, || async {
        let children = pid(demo).children().into_iter().map(Pid::arguments);
        let mut of_program = children.filter(|arguments| arguments.iter().any(|it| it == program));
        of_program.next()
    })
    .await
}

pub(crate) fn pid(demo: &Demo) -> Pid {
    let id = demo.child.id().expect("running");
    Pid(i32::try_from(id).expect("small"))
}

/// Checks that no process of the demo has information about stages.
pub(crate) fn assert_stage_unknown(demo: &Demo) {
    let processes = pid(demo).descendants();
    assert!(!processes.is_empty());
    for process in processes {
        // The first argument is the path of this checkout.
        for argument in process.arguments().iter().skip(1) {
            assert!(!argument.contains("stage"), "{argument}");
        }
        for variable in process.environment() {
            assert!(!variable.starts_with("STAGE="), "{variable}");
            let of_ours = !std::env::vars().any(|(name, _)| variable.starts_with(&name));
            let stage = variable.to_lowercase().contains("stage");
            assert!(!(of_ours && stage), "{variable}");
        }
    }
}

#[tokio::test]
async fn no_process_knows_its_stage() {
    for stage in ["1", "4"] {
        let ports = free_ports();
        let mut command = command(&ports);
        command.env("STAGE", stage).env("LOG_ROUTES", "loki");
        let child = command.spawn().expect("it starts");
        let mut demo = Demo { child, ports };
        let said = demo.introduction().await;
        assert!(said.contains(&format!("stage {stage} of 6")), "{said}");
        assert_stage_unknown(&demo);
        demo.stop(Signal::SIGTERM).await;
    }
}

#[test]
fn no_program_knows_its_stage() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let looked_at: usize = ["services", "lib", "stand-ins"]
        .iter()
        .flat_map(|street| crates.join(street).read_dir().expect("a street").flatten())
        .map(|entry| entry.path())
        .chain([crates.join("tools/testkit")])
        // The crates that know about stages; the table of faults says which stage has each.
        .filter(|program| !program.ends_with("lib/stages") && !program.ends_with("lib/faults"))
        .map(|program| {
            let manifest = program.join("Cargo.toml");
            let manifest = std::fs::read_to_string(manifest).expect("a crate has a manifest");
            assert!(!manifest.contains("stages"), "{}", program.display());
            look_for_stages(&program.join("src"))
        })
        .sum();
    assert!(looked_at > 50, "{looked_at} files");
}

/// The number of files checked.
fn look_for_stages(directory: &Path) -> usize {
    let mut files = 0;
    for entry in directory.read_dir().into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files += look_for_stages(&path);
            continue;
        }
        files += 1;
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let mut code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let found = code.find(|line| line.to_lowercase().contains("stage"));
        assert_eq!(found, None, "{}", path.display());
    }
    files
}

#[tokio::test]
async fn the_doctor_knows_the_stages() {
    for stage in ["--stage=1", "--stage=2"] {
        let mut demo = Demo::spawn(&[stage, "--no-traffic"]);
        demo.introduction().await;
        let (healthy, said) = examine(&demo, stage).await;
        assert!(healthy, "{said}");
        if stage == "--stage=1" {
            let (healthy, said) = examine(&demo, "--stage=4").await;
            let missing = ["frontend", "die-service"].map(|service| said.contains(service));
            assert_eq!((healthy, missing), (false, [true; 2]), "{said}");
        }
        demo.stop(Signal::SIGTERM).await;
    }
}

/// Whether the doctor succeeds on every hop, and its output.
pub(crate) async fn examine(demo: &Demo, stage: &str) -> (bool, String) {
    let mut doctor = Command::new(PROGRAM);
    doctor
        .args(["doctor", stage, "--patience=10s"])
        .args(demo.urls());
    let tempo = format!("--tempo-url={}", demo.url(4, ""));
    let sink = format!("--usage-sink-url={}", demo.url(5, ""));
    let output = doctor.args([tempo, sink]).output().await.expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success(), said)
}
