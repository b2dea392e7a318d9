//! Log lines: flat JSON with the ids of their trace; each failure is logged once.

use std::collections::BTreeSet;

use serde_json::Value;
use testkit::{Process, eventually, get};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::support::{System, service};

async fn lines_of(system: &System, trace: &str, count: usize) -> Vec<Value> {
    let processes: [&Process; 3] = [&system.frontend, &system.dice_roller, &system.die_service];
    eventually(&format!("{count} lines of trace {trace}"), || async {
        let lines = processes.iter().flat_map(|process| process.lines());
        let lines: Vec<Value> = lines.filter(|line| line["trace_id"] == trace).collect();
        (lines.len() >= count).then_some(lines)
    })
    .await
}

fn messages(lines: &[Value]) -> Vec<&str> {
    let mut messages: Vec<&str> = lines
        .iter()
        .map(|line| line["message"].as_str().expect("text"))
        .collect();
    messages.sort_unstable();
    messages
}

#[tokio::test]
async fn a_batch_is_logged_by_all_three_services_with_one_trace_id() {
    let system = System::quick().await;
    let (_, answer) = get(&system.frontend.url("/roll-async?die=fair&times=3")).await;
    let trace = answer["trace_id"].as_str().expect("an id");
    let lines = lines_of(&system, trace, 8).await;
    let told = messages(&lines);
    let expected = [
        "Async roll batch completed",
        "Async roll batch started",
        "Async roll completed",
        "Async roll completed",
        "Async roll completed",
        "Dice roller answered",
        "Die found",
        "Usage event",
    ];
    assert_eq!(told, expected);
    let loggers: BTreeSet<&str> = lines
        .iter()
        .map(|line| line["logger"].as_str().expect("text"))
        .collect();
    assert_eq!(
        loggers,
        BTreeSet::from(["dice-roller", "die-service", "frontend"])
    );
    for line in &lines {
        check_shape(line);
    }
    let by = |message: &str| {
        lines
            .iter()
            .find(|line| line["message"] == message)
            .expect("told")
    };
    let completed = by("Async roll batch completed");
    assert_eq!(completed["die_type"], "fair");
    assert_eq!(completed["async_batch_size"], 3);
    assert_eq!(completed["async_total_result"], answer["total"]);
    let indices: BTreeSet<u64> = lines
        .iter()
        .filter_map(|line| line["async_roll_index"].as_u64())
        .collect();
    assert_eq!(indices, BTreeSet::from([0, 1, 2]));
    assert!(by("Async roll completed")["roll_value"].is_u64());
    assert_eq!(by("Die found")["die_identifier"], "fair");
    assert_eq!(by("Die found")["die_found"], true);
    let answered = by("Dice roller answered");
    assert_eq!(answered["backend_status"], 200);
    let roller = system.dice_roller.url("/roll-async?die=fair&times=3");
    assert_eq!(answered["backend_url"].as_str(), Some(roller.as_str()));
}

fn check_shape(line: &Value) {
    let fields = line
        .as_object()
        .unwrap_or_else(|| panic!("no JSON object: {line}"));
    assert!(
        fields
            .values()
            .all(|value| !value.is_object() && !value.is_array()),
        "flat: {line}"
    );
    let timestamp = line["timestamp"].as_str().expect("text");
    let fraction = timestamp
        .strip_suffix('Z')
        .and_then(|text| text.split_once('.'));
    assert_eq!(
        fraction.expect("UTC with a fraction").1.len(),
        9,
        "nanoseconds: {timestamp}"
    );
    let then = OffsetDateTime::parse(timestamp, &Rfc3339).expect("RFC 3339");
    let age = OffsetDateTime::now_utc() - then;
    assert!(
        age.is_positive() && age.whole_seconds() < 120,
        "{timestamp}"
    );
    assert!(
        ["INFO", "WARN", "ERROR"].contains(&line["level"].as_str().expect("text")),
        "{line}"
    );
    let hex = |field: &str, length: usize| {
        let id = line[field].as_str().unwrap_or_default();
        id.len() == length && id.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
    };
    assert!(hex("trace_id", 32) && hex("span_id", 16), "{line}");
}

#[tokio::test]
async fn a_line_names_the_span_it_was_written_in() {
    let system = System::quick().await;
    let (_, answer) = get(&system.frontend.url("/roll?die=fair")).await;
    let trace = answer["trace_id"].as_str().expect("an id");
    let completed = system.dice_roller.line_with("Roll completed").await;
    assert_eq!(completed["roll_value"], answer["roll"]);
    let trace = system.trace(trace, 7).await;
    let roll = trace
        .spans()
        .iter()
        .find(|span| span.name() == "roll")
        .expect("exported");
    assert_eq!(
        completed["span_id"].as_str(),
        Some(roll.id().to_string().as_str())
    );
    let listening = system.dice_roller.line_with("Listening").await;
    assert!(
        listening.get("trace_id").is_none(),
        "outside any span: {listening}"
    );
}

#[tokio::test]
async fn a_failure_is_logged_once_where_it_happened() {
    let system = System::quick().await;
    for (path, message, logger) in [
        ("/roll?die=extreme", "Roll failed", "dice-roller"),
        (
            "/roll-async?die=extreme&times=4",
            "Async roll batch failed",
            "dice-roller",
        ),
    ] {
        let trace = loop {
            let (status, answer) = get(&system.frontend.url(path)).await;
            if status == 500 {
                break answer["trace_id"].as_str().expect("an id").to_owned();
            }
        };
        let told = eventually(message, || async {
            let lines = lines_of(&system, &trace, 1).await;
            let told = messages(&lines);
            // The last lines of both services, which come through separate pipes.
            let all = ["Dice roller answered", message].map(|last| told.contains(&last));
            (all == [true; 2]).then_some(lines)
        })
        .await;
        let errors: Vec<&Value> = told
            .iter()
            .filter(|line| line["level"] == "ERROR")
            .collect();
        assert_eq!(errors.len(), 1, "{told:?}");
        assert_eq!(
            (&errors[0]["message"], &errors[0]["logger"]),
            (&message.into(), &logger.into())
        );
    }
    let (_, unknown) = get(&system.frontend.url("/roll?die=l%22oa%0Aded")).await;
    let not_found = system.die_service.line_with("Die not found").await;
    assert_eq!(not_found["trace_id"], unknown["trace_id"]);
    let (_, lines) = system.die_service.terminate().await;
    let mut lines: Vec<Value> = lines.into_iter().collect();
    for process in [system.dice_roller, system.frontend] {
        lines.extend(process.terminate().await.1);
    }
    lines.retain(|line| line["trace_id"] == unknown["trace_id"]);
    let warnings: Vec<&Value> = lines
        .iter()
        .filter(|line| line["level"] != "INFO")
        .collect();
    assert_eq!(warnings.len(), 1, "{lines:?}");
    assert_eq!(warnings[0]["message"], "Die not found");
    assert_eq!(
        warnings[0]["die_identifier"], "l\"oa\nded",
        "escaped, and whole"
    );
}

#[tokio::test]
async fn text_for_people_is_available() {
    let (_, otlp) = crate::support::collector().await;
    let address = testkit::free_address();
    let arguments = ["service", "die-service", "--log-format=pretty"];
    let listen = format!("--listen={address}");
    let otlp = format!("--otlp-endpoint={otlp}");
    let mut child = tokio::process::Command::new(crate::support::PROGRAM)
        .args(arguments)
        .args([&listen, &otlp])
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    let health = format!("http://{address}/healthz");
    eventually("it to serve", || async {
        testkit::fetch(&health).await.ok()
    })
    .await;
    let pid = i32::try_from(child.id().expect("running")).expect("small");
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(pid),
        nix::sys::signal::Signal::SIGTERM,
    )
    .expect("our own child");
    let mut text = String::new();
    let mut stdout = child.stdout.take().expect("piped");
    tokio::io::AsyncReadExt::read_to_string(&mut stdout, &mut text)
        .await
        .expect("UTF-8");
    assert!(text.contains("INFO Listening address="), "{text}");
    assert!(!text.contains('{'), "no JSON: {text}");
    assert!(
        !text.contains('\u{1b}'),
        "no colours without a terminal: {text}"
    );
}

#[tokio::test]
async fn debug_lines_are_made_if_the_filter_allows_them() {
    let filter = "--log=info,telemetry=debug,dice_roller=debug";
    let system = System::start(&["--roll-delay=1ms", filter]).await;
    let (_, answer) = get(&system.frontend.url("/roll?die=fair")).await;
    let roller = &system.dice_roller;
    let answered = roller.line_with("Request answered").await;
    let fields = ["method", "handler", "status", "trace_id", "level"];
    assert_eq!(
        fields.map(|field| &answered[field]),
        [
            &"GET".into(),
            &"/roll".into(),
            &200.into(),
            &answer["trace_id"],
            &"DEBUG".into()
        ]
    );
    let call = roller.line_with("Call ended").await;
    assert_eq!(
        (&call["backend_status"], call.get("error")),
        (&200.into(), None)
    );
    let started = roller.line_with("Roll started").await;
    let delay = started["delay_ms"].as_f64().expect("a number");
    assert!((0.0..=1.0).contains(&delay), "{started}");
    let exported = roller.line_with("Spans exported").await;
    assert!(exported["exported"].as_u64() > Some(0), "{exported}");
    let others = system.frontend.terminate().await.1;
    assert!(
        others.iter().all(|line| line["level"] == "INFO"),
        "without the filter: {others:?}"
    );
}

#[tokio::test]
async fn the_filter_selects_lines() {
    let (_, otlp) = crate::support::collector().await;
    let quiet = service("die-service", &otlp, &["--log=info,die_service=warn"]).await;
    get(&quiet.url("/dice")).await;
    get(&quiet.url("/dice?identifier=loaded")).await;
    let (_, lines) = quiet.terminate().await;
    assert!(
        lines.iter().all(|line| line["message"] != "Dice listed"),
        "{lines:?}"
    );
    assert!(
        lines.iter().any(|line| line["message"] == "Die not found"),
        "{lines:?}"
    );
}
