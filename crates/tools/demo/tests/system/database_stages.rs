//! Stages 5 and 6: where their databases come from, how they are cleaned up, and what stage 5
//! shows.

use local_postgres::LocalPostgres;
use nix::sys::signal::{Signal, kill};
use serde_json::Value;
use signals::tempo::{Kind, Span};
use testkit::{AT_ONCE, eventually, get, skip};
use tokio::process::Command;

use crate::demo::{Demo, command, free_ports, wait_until_free};
use crate::postgres::{Server, is_here, run_commands, select, url};
use crate::processes::{Pid, all_gone};
use crate::stages::{assert_stage_unknown, examine, pid};
use crate::support::PROGRAM;

#[tokio::test]
async fn the_dice_come_from_the_database_and_the_trace_says_so() {
    if !is_here() {
        return;
    }
    let mut demo = Demo::spawn(&["--stage=5", "--no-traffic"]);
    let said = demo.introduction().await;
    let all = run_commands(&said, "psql").await;
    assert!(all.contains("golden") && all.contains("(4 rows)"), "{all}");
    let database = url(&said, "The dice");
    select(
        &database,
        "UPDATE dice SET faces = '{8}' WHERE identifier = 'fair'",
    )
    .await;
    let (status, answer) = get(&demo.url(2, "/roll?die=fair")).await;
    assert_eq!(
        (status, &answer["roll"]),
        (200, &Value::from(8)),
        "{answer}"
    );

    let trace = answer["trace_id"].as_str().expect("an id");
    let is_query = |span: &&Span| span.name == "SELECT dice";
    let has_query = |spans: &[Span]| spans.iter().any(|span| is_query(&span));
    let spans = demo.trace(trace, "the query in the trace", has_query).await;
    let span = spans.iter().find(is_query).expect("the trace has the span");
    assert_eq!(span.kind, Kind::Client, "{span:?}");
    for (key, value) in [
        ("db.system.name", "postgresql"),
        ("db.namespace", "dice"),
        ("db.collection.name", "dice"),
        ("db.operation.name", "SELECT"),
    ] {
        assert_eq!(span.attributes[key], value, "{span:?}");
    }
    let text = span.attributes["db.query.text"].as_str();
    assert!(
        text.is_some_and(|text| text.contains("FROM dice")),
        "{span:?}"
    );

    let (healthy, said) = examine(&demo, "--stage=5").await;
    assert!(healthy, "{said}");
    assert_stage_unknown(&demo);
    demo.stop(Signal::SIGTERM).await;
}

#[tokio::test]
async fn a_killed_database_is_restarted_and_no_service_has_to_be() {
    if !is_here() {
        return;
    }
    let mut demo = Demo::spawn(&["--stage=5", "--no-traffic"]);
    let database = url(&demo.introduction().await, "The dice");
    let roll = demo.url(2, "/roll?die=fair");
    assert_eq!(get(&roll).await.0, 200);
    let before = pid(&demo).children();
    let server = Server::running(&demo, &database).await;
    let Pid(first) = server.pid().expect("it runs");
    kill(nix::unistd::Pid::from_raw(first), Signal::SIGKILL).expect("it runs");
    for status in [503, 200] {
        eventually(&format!("{status}"), || async {
            (get(&roll).await.0 == status).then_some(())
        })
        .await;
    }
    assert_eq!(select(&database, "SELECT count(*) FROM dice").await, "3");
    assert_ne!(server.pid(), Some(Pid(first)));
    assert_eq!(
        pid(&demo).children(),
        before,
        "no other process was restarted"
    );
    let (output, took) = demo.stop(Signal::SIGTERM).await;
    assert!(took < AT_ONCE, "{took:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("PostgreSQL ended"), "{said}");
    server.is_gone().await;
}

#[tokio::test]
async fn nothing_is_left_of_the_database_however_the_demo_ends() {
    if !is_here() {
        return;
    }
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGKILL] {
        for stage in ["--stage=5", "--stage=6"] {
            let mut demo = Demo::spawn(&[stage]);
            let database = url(&demo.introduction().await, "The dice");
            let server = Server::running(&demo, &database).await;
            let children = pid(&demo).children();
            let (output, took) = demo.stop(signal).await;
            assert!(took < AT_ONCE, "{took:?}");
            assert_eq!(
                output.status.success(),
                signal != Signal::SIGKILL,
                "{output:?}"
            );
            server.is_gone().await;
            all_gone(&children).await;
        }
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_database_that_was_still_starting() {
    if !is_here() {
        return;
    }
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        let demo = Demo::spawn(&["--stage=6"]);
        let server = Server::of(&demo).await;
        let (_, took) = demo.stop(signal).await;
        assert!(took < AT_ONCE, "{took:?}");
        server.is_gone().await;
    }
}

#[tokio::test]
async fn a_database_that_is_given_is_used_and_stays() {
    if !is_here() {
        return;
    }
    let server = LocalPostgres::start().await.expect("PostgreSQL is here");
    for sql in ["CREATE ROLE cook LOGIN", "CREATE DATABASE food OWNER cook"] {
        server.execute("postgres", sql).await.expect("SQL");
    }
    let given = server.url("cook:salt", "food");
    let ports = free_ports();
    let mut command = command(&ports);
    command
        .args(["--stage=5", "--no-traffic"])
        .env("DATABASE_URL", &given);
    let child = command.spawn().expect("it starts");
    let mut demo = Demo { child, ports };
    let said = demo.introduction().await;
    assert!(said.contains("/food") && !said.contains("salt"), "{said}");
    assert_eq!(get(&demo.url(2, "/roll?die=fair")).await.0, 200);
    let arguments: Vec<_> = pid(&demo)
        .descendants()
        .into_iter()
        .flat_map(Pid::arguments)
        .collect();
    let tells = |word: &str| arguments.iter().any(|argument| argument.contains(word));
    assert!(
        !tells("local-postgres"),
        "a server of its own: {arguments:?}"
    );
    assert!(!tells("salt"), "a visible password: {arguments:?}");
    demo.stop(Signal::SIGTERM).await;
    let dice = server.execute("food", "SELECT count(*) FROM dice").await;
    assert_eq!(dice.expect("it is still there"), "3");
}

#[tokio::test]
async fn a_missing_database_is_reported_in_one_line() {
    let ports = free_ports();
    let database = "--database-url=postgres://cook@127.0.0.1:1/food";
    let output = command(&ports).args(["--stage=5", database]).output().await;
    let output = output.expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("--database-url") && said.lines().count() == 1,
        "{said}"
    );
    wait_until_free(&ports).await;
}

#[tokio::test]
async fn without_postgresql_it_says_what_to_do() {
    // A private mount namespace that hides PostgreSQL where Debian and others install it.
    let hide = "for d in /usr/lib/postgresql /usr/pgsql /opt/homebrew/opt; do \
                [ ! -d $d ] || mount -t tmpfs none $d || exit 77; done; PATH=/nonexistent exec \"$@\"";
    for stage in ["--stage=5", "--stage=6"] {
        let ports = free_ports();
        let inner = command(&ports);
        let mut outer = Command::new("unshare");
        outer.args([
            "--mount",
            "--map-root-user",
            "sh",
            "-c",
            hide,
            "sh",
            PROGRAM,
        ]);
        outer.args(inner.as_std().get_args()).arg(stage);
        let Ok(output) = outer.output().await else {
            return skip("unshare is not installed");
        };
        let said = String::from_utf8_lossy(&output.stderr);
        if said.contains("unshare:") || output.status.code() == Some(77) {
            return skip(format_args!("unshare is not allowed here: {said}"));
        }
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert_eq!(said.lines().count(), 1, "{said}");
        for word in ["apt-get install postgresql", "DATABASE_URL"] {
            assert!(said.contains(word), "{word} is not in {said}");
        }
        wait_until_free(&ports).await;
    }
}
