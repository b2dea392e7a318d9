//! Stage 6: usage events are separated from the other lines and stored as rows, exactly once.

use std::collections::BTreeMap;

use nix::sys::signal::Signal;
use reqwest::redirect::Policy;
use testkit::{becomes, eventually};

use crate::demo::{Demo, command, free_ports};
use crate::postgres::{is_here, run_commands, select, url};
use crate::processes::listener;
use crate::stages::{assert_stage_unknown, examine};

/// The request of a user action, and the type of its event.
const ACTIONS: [(&str, &str); 5] = [
    ("GET /", "page_view"),
    ("GET /roll?die=fair", "roll"),
    ("GET /roll-async?die=fair&times=3", "roll_batch"),
    ("POST /sign-in", "sign_in"),
    ("POST /sign-out", "sign_out"),
];

pub(crate) async fn act(demo: &Demo) {
    let client = testkit::client_with(|it| it.redirect(Policy::none()));
    for (action, _) in ACTIONS {
        let (method, path) = action.split_once(' ').expect("two words");
        let method = method.parse().expect("a method");
        let form = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("cookie", "name=Ada"),
        ];
        let request = client.request(method, demo.url(2, path));
        let request = form.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        let answer = request.body("name=Ada").send().await.expect("an answer");
        let status = answer.status();
        assert!(
            status.is_success() || status.is_redirection(),
            "{action}: {status}"
        );
    }
}

/// Waits until there are `each` rows of every type, and returns the counts.
pub(crate) async fn stored(database: &str, each: u64) {
    let expected: BTreeMap<String, u64> = ACTIONS
        .iter()
        .map(|(_, event_type)| ((*event_type).to_owned(), each))
        .collect();
    eventually(&format!("{expected:?}"), || async {
        let rows = select(
            database,
            "SELECT event_type, count(*) FROM usage_events GROUP BY 1",
        )
        .await;
        let rows = rows.lines().filter_map(|row| row.split_once('|'));
        let rows: BTreeMap<String, u64> = rows
            .map(|(name, count)| (name.to_owned(), count.parse().expect("a number")))
            .collect();
        (rows == expected).then_some(())
    })
    .await;
}

fn file(logs: &str, service: &str) -> String {
    std::fs::read_to_string(format!("{logs}/{service}.log")).expect("--log-dir")
}

fn logs(name: &str) -> String {
    let logs = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
    let _ = std::fs::remove_dir_all(&logs);
    logs
}

#[tokio::test]
async fn user_actions_become_rows_once_each_and_no_log_lines() {
    if !is_here() {
        return;
    }
    let logs = logs("usage");
    let mut demo = Demo::spawn(&["--stage=6", "--no-traffic", "--log-dir", &logs]);
    let said = demo.introduction().await;
    let database = url(&said, "Usage events");
    act(&demo).await;
    stored(&database, 1).await;
    let batch =
        "SELECT username, die_type, rolls FROM usage_events WHERE event_type = 'roll_batch'";
    assert_eq!(select(&database, batch).await, "Ada|fair|3");
    let shown = run_commands(&said, "psql").await;
    assert!(
        shown.contains("page_view") && shown.contains("Ada"),
        "{shown}"
    );
    let ids = "SELECT count(*) = count(DISTINCT event_id) FROM usage_events";
    assert_eq!(select(&database, ids).await, "t");
    for service in ["frontend", "dice-roller", "die-service", "usage-sink"] {
        let lines = file(&logs, service);
        assert!(lines.contains("\"Listening\""), "{service}: {lines}");
        assert!(!lines.contains("\"Usage event\""), "{service}: {lines}");
    }
    assert!(file(&logs, "frontend").contains("Dice roller answered"));

    demo.live_line(|line| line.ends_with(" usage events stored") && !line.contains(" 0 usage"))
        .await;
    let (healthy, said) = examine(&demo, "--stage=6").await;
    assert!(healthy && said.contains("usage event stored"), "{said}");
    assert_stage_unknown(&demo);
    demo.stop(Signal::SIGTERM).await;
}

#[tokio::test]
async fn events_wait_for_an_unavailable_sink_and_can_take_both_routes() {
    if !is_here() {
        return;
    }
    let logs = logs("usage-and-loki");
    let ports = free_ports();
    let mut command = command(&ports);
    command.args([
        "--stage=6",
        "--no-traffic",
        "--log-routes=usage-and-loki",
        // So that all actions happen while usage-sink is unavailable.
        "--roll-delay=0s",
        "--log-dir",
        &logs,
    ]);
    let child = command.spawn().expect("it starts");
    let mut demo = Demo { child, ports };
    let database = url(&demo.introduction().await, "Usage events");
    act(&demo).await;
    stored(&database, 1).await;
    let mut rounds = 1;
    loop {
        demo.kill_service(5);
        act(&demo).await;
        rounds += 1;
        if listener(demo.ports[5]).is_none() {
            break;
        }
        assert!(
            rounds < 10,
            "usage-sink was never unavailable for long enough"
        );
    }
    stored(&database, rounds).await;
    let events = rounds * ACTIONS.len() as u64;
    becomes("usage lines in the file", events, async || {
        let lines = file(&logs, "frontend");
        lines.matches("\"Usage event\"").count() as u64
    })
    .await;
    demo.stop(Signal::SIGTERM).await;
}

#[tokio::test]
async fn the_last_events_are_stored_before_the_sink_is_stopped() {
    if !is_here() {
        return;
    }
    let server = local_postgres::LocalPostgres::start()
        .await
        .expect("PostgreSQL is here");
    server
        .execute("postgres", "CREATE DATABASE usage")
        .await
        .expect("SQL");
    let database = server.url("postgres", "usage");
    let given = format!("--usage-database-url={database}");
    let demo = Demo::start(&["--stage=6", "--no-traffic", &given]).await;
    let is_there = "SELECT to_regclass('usage_events') IS NOT NULL";
    eventually("the table", || async {
        (select(&database, is_there).await == "t").then_some(())
    })
    .await;
    act(&demo).await;
    let (output, _) = demo.stop(Signal::SIGTERM).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("lost"), "{said}");
    let rows = select(&database, "SELECT count(*) FROM usage_events").await;
    assert_eq!(rows, ACTIONS.len().to_string());
}

#[tokio::test]
async fn in_stage_4_usage_lines_are_lines_like_any_other() {
    let logs = logs("usage-in-stage-4");
    let demo = Demo::start(&["--no-traffic", "--log-dir", &logs]).await;
    act(&demo).await;
    demo.stop(Signal::SIGTERM).await;
    let lines = file(&logs, "frontend");
    let usage = lines
        .lines()
        .filter(|line| line.contains("\"Usage event\""));
    assert_eq!(usage.count(), ACTIONS.len(), "{lines}");
}
