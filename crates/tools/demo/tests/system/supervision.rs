//! A part that ends: during startup, later, and the keeper of the database.

use nix::sys::signal::{Signal, kill};
use testkit::{eventually, get, is_there, skip_without};
use tokio::process::Command;

use crate::demo::{Demo, command, free_ports, wait_until_free};
use crate::postgres::{Server, is_here, url};
use crate::processes::{Pid, listener};
use crate::stages::pid;

#[tokio::test]
async fn a_part_that_ends_during_startup_ends_the_demo_with_its_own_error() {
    let ports = free_ports();
    let output = command(&ports).arg("--roll-delay=nonsense").output().await;
    let output = output.expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    for word in [
        "demo: dice-roller ended during startup (exit status: 2)",
        "  error: invalid value 'nonsense' for '--roll-delay",
    ] {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
    assert!(!said.contains("starts again"), "{said}");
    wait_until_free(&ports).await;
}

#[tokio::test]
async fn a_part_that_is_killed_before_it_is_ready_ends_the_demo() {
    // die-service serves without its database, and is ready once it has dice.
    let database = "--database-url=postgres://cook@127.0.0.1:1/food";
    let demo = Demo::spawn(&["--stage=5", database]);
    eventually("die-service to serve", || async {
        testkit::fetch(demo.url(0, "/healthz")).await.ok()
    })
    .await;
    demo.kill_service(0);
    let output = demo.child.wait_with_output().await.expect("our own child");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("demo: die-service ended during startup (signal: 9"),
        "{said}"
    );
    wait_until_free(&demo.ports).await;
}

#[tokio::test]
async fn a_part_that_dies_later_is_restarted_and_logged() {
    let mut demo = Demo::spawn(&["--stage=1", "--no-traffic"]);
    demo.introduction().await;
    let first = listener(demo.ports[1]);
    demo.kill_service(1);
    eventually("another dice-roller", || async {
        listener(demo.ports[1]).filter(|pid| Some(*pid) != first)
    })
    .await;
    let (output, _) = demo.stop(Signal::SIGTERM).await;
    let said = String::from_utf8_lossy(&output.stderr);
    let line = "dice-roller ended (signal: 9 (SIGKILL)); restarting in 3s";
    assert!(said.lines().any(|it| it == line), "{said}");
}

#[tokio::test]
async fn the_printed_command_stops_the_service_of_its_own_demo_only() {
    if !is_there("pkill") {
        return skip_without("pkill");
    }
    let mut demo = Demo::spawn(&["--stage=4", "--no-traffic"]);
    let other = Demo::start(&["--stage=4", "--no-traffic"]).await;
    let said = demo.introduction().await;
    let line = said.lines().find(|line| line.contains("pkill"));
    let (command, _) = line.and_then(|line| line.split_once(';')).expect("a task");
    let die_services = [&demo, &other].map(|demo| listener(demo.ports[0]));
    let output = Command::new("sh").args(["-c", command]).output().await;
    let output = output.expect("a shell");
    assert!(output.status.success(), "{command}: {output:?}");
    eventually("another die-service", || async {
        listener(demo.ports[0]).filter(|pid| Some(*pid) != die_services[0])
    })
    .await;
    assert_eq!(listener(other.ports[0]), die_services[1]);
}

fn kill_now(Pid(pid): Pid) {
    kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL).expect("our own grandchild");
}

/// The keeper of that demo, once it is another process than `before`.
async fn another_keeper(demo: &Demo, before: Pid) -> Pid {
    eventually("another keeper", || async {
        let mut keepers = pid(demo).children().into_iter().filter(|child| {
            let arguments = child.arguments();
            arguments
                .iter()
                .any(|argument| argument == "local-postgres")
        });
        keepers.find(|keeper| *keeper != before && !keeper.is_gone())
    })
    .await
}

#[tokio::test]
async fn a_killed_keeper_of_the_database_is_replaced_and_nothing_stays() {
    if !is_here() {
        return;
    }
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGKILL] {
        let mut demo = Demo::spawn(&["--stage=5", "--no-traffic", "--roll-delay=0s"]);
        let database = url(&demo.introduction().await, "The dice");
        let server = Server::running(&demo, &database).await;
        let before = server.pid();
        kill_now(server.keeper);
        another_keeper(&demo, server.keeper).await;
        assert_eq!(get(&demo.url(2, "/roll?die=fair")).await.0, 200);
        assert_eq!(server.pid(), before, "the server still runs");
        let (output, _) = demo.stop(signal).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("local-postgres ended (signal: 9"), "{said}");
        server.is_gone().await;
    }
}

#[tokio::test]
async fn nothing_stays_of_a_database_whose_keeper_was_killed_a_moment_before_the_end() {
    if !is_here() {
        return;
    }
    let mut demo = Demo::spawn(&["--stage=5", "--no-traffic"]);
    let database = url(&demo.introduction().await, "The dice");
    let server = Server::running(&demo, &database).await;
    kill_now(server.keeper);
    demo.stop(Signal::SIGTERM).await;
    server.is_gone().await;
}

#[tokio::test]
async fn a_keeper_that_is_killed_while_it_makes_the_database_ends_the_demo() {
    if !is_here() {
        return;
    }
    let demo = Demo::spawn(&["--stage=5", "--no-traffic"]);
    let server = Server::of(&demo).await;
    kill_now(server.keeper);
    let output = demo.child.wait_with_output().await.expect("our own child");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("local-postgres ended"), "{said}");
    server.is_gone().await;
}
