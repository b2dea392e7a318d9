//! `users`.

use std::time::Duration;

use serde_json::Value;
use testkit::eventually;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;

use crate::run::{interrupt, start, traffic_gen};
use crate::services::Services;
use crate::stand_in::{StandIn, threes};

/// Flags for runs without think time and export.
const FAST: [&str; 5] = [
    "--think-min=0s",
    "--think-max=1ms",
    "--traces-exporter=none",
    "--json",
    "--quiet",
];

fn users<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["users", "--frontend-url", url];
    arguments.extend(FAST);
    arguments.extend(more);
    arguments
}

async fn asked_with(seed: &str) -> Vec<String> {
    let frontend = StandIn::start(threes).await;
    let finished = traffic_gen(&users(&frontend.url, &["--users=4", "--seed", seed])).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    frontend.asked()
}

#[tokio::test]
async fn the_same_seed_sends_the_same_requests() {
    let first = asked_with("7").await;
    assert!(first.len() > 10, "{first:?}");
    assert_eq!(first, asked_with("7").await);
    assert_ne!(first, asked_with("8").await);
}

#[tokio::test]
async fn the_report_matches_the_requests_received() {
    let frontend = StandIn::start(threes).await;
    let finished = traffic_gen(&users(&frontend.url, &["--users=6", "--seed=3"])).await;
    let report = finished.json();
    let asked = frontend.asked();
    let golden = |target: &&String| target.contains("golden");
    for (route, prefix) in [
        ("/", "/"),
        ("/roll", "/roll?"),
        ("/roll-async", "/roll-async?"),
    ] {
        let row = route_of(&report, route);
        let asked: Vec<&String> = asked
            .iter()
            .filter(|target| {
                if prefix == "/" {
                    *target == "/"
                } else {
                    target.starts_with(prefix)
                }
            })
            .collect();
        assert_eq!(row["requests"], asked.len(), "{route}: {report}");
        let golden = asked.iter().copied().filter(golden).count();
        assert_eq!(row["no_such_die"], golden, "{route}: {report}");
    }
    assert_eq!(route_of(&report, "/")["requests"], 6);
}

#[tokio::test]
async fn rolls_reach_the_services() {
    let services = Services::start(Duration::ZERO).await;
    let arguments = users(&services.frontend, &["--users=5", "--seed=11"]);
    let finished = traffic_gen(&arguments).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let report = finished.json();
    let risky: u64 = ["/roll", "/roll-async"]
        .iter()
        .map(|route| number(route_of(&report, route), "rolls_failed"))
        .sum();
    assert!(number(&report, "rolls") > 20, "{report}");
    assert!(risky > 0, "some dice fail now and then: {report}");
}

#[tokio::test]
async fn only_rolls_works_against_dice_roller() {
    let services = Services::start(Duration::ZERO).await;
    let flags = ["--only-rolls", "--users=3", "--seed=11"];
    let finished = traffic_gen(&users(&services.dice_roller, &flags)).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let report = finished.json();
    assert!(number(&report, "rolls") > 10, "{report}");
    let routes = report["routes"].as_array().expect("routes").iter();
    let routes: Vec<_> = routes.map(|row| &row["route"]).collect();
    assert_eq!(routes, ["/roll", "/roll-async"]);
}

#[tokio::test]
async fn failures_are_counted_by_status_and_decide_the_exit_code() {
    let broken = |_: &str| {
        (
            503,
            r#"{"detail":"dice-roller is not available"}"#.to_owned(),
        )
    };
    let frontend = StandIn::start(broken).await;
    let arguments = users(
        &frontend.url,
        &["--users=1", "--async-probability=0", "--seed=1"],
    );
    let finished = traffic_gen(&arguments).await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let report = finished.json();
    let roll = route_of(&report, "/roll");
    assert_eq!(roll["failures"]["503"], roll["requests"], "{report}");
    assert_eq!(report["rolls"], 0);
}

#[tokio::test]
async fn ctrl_c_ends_with_the_report_so_far() {
    let frontend = StandIn::start(threes).await;
    let child = start(&users(&frontend.url, &["--max-rolls=0"]));
    eventually("some requests", || async {
        (frontend.asked().len() > 50).then_some(())
    })
    .await;
    let finished = interrupt(child).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let report = finished.json();
    assert_eq!(report["interrupted"], true);
    assert!(number(&report, "rolls") > 0, "{report}");
}

#[tokio::test]
async fn users_arrive_one_after_the_other() {
    let frontend = StandIn::start(threes).await;
    let mut arguments = vec!["users", "--frontend-url", &frontend.url, "--users=2"];
    arguments.extend(["--think-min=1h", "--think-max=2h", "--json", "--quiet"]);
    arguments.extend(["--traces-exporter=none"]);
    let child = start(&arguments);
    let pages = || frontend.asked().iter().filter(|it| *it == "/").count();
    eventually("the first user", || async { (pages() > 0).then_some(()) }).await;
    let finished = interrupt(child).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(pages(), 1);
}

#[tokio::test]
async fn endless_users_survive_a_restart_and_report_it_once() {
    let frontend = StandIn::start(threes).await;
    let url = frontend.url.clone();
    let mut child = start(&[
        "users",
        "--frontend-url",
        &url,
        "--max-rolls=0",
        "--users=5",
        "--think-min=10ms",
        "--think-max=20ms",
        "--traces-exporter=none",
    ]);
    let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    eventually("some requests", || async {
        (frontend.asked().len() > 20).then_some(())
    })
    .await;
    drop(frontend);
    let away = next_note(&mut lines).await;
    assert!(
        away.starts_with("The services do not answer (unreachable)"),
        "{away}"
    );
    let address = url.trim_start_matches("http://").to_owned();
    let listener = eventually("the port to be free", || async {
        TcpListener::bind(&address).await.ok()
    })
    .await;
    let frontend = StandIn::on(listener, url, threes);
    let back = next_note(&mut lines).await;
    assert!(back.starts_with("The services answer again"), "{back}");
    eventually("requests again", || async {
        (frontend.asked().len() > 20).then_some(())
    })
    .await;
    let finished = interrupt(child).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
}

/// The next line that is not a progress line.
async fn next_note<R: tokio::io::AsyncBufRead + Unpin>(lines: &mut tokio::io::Lines<R>) -> String {
    loop {
        let line = tokio::time::timeout(testkit::DEADLINE, lines.next_line()).await;
        let line = line
            .expect("in time")
            .expect("readable")
            .expect("not ended");
        if !line.starts_with("5 users:") {
            return line;
        }
    }
}

fn route_of<'a>(report: &'a Value, route: &str) -> &'a Value {
    let routes = report["routes"].as_array().expect("routes");
    let row = routes.iter().find(|row| row["route"] == route);
    row.unwrap_or_else(|| panic!("{route} in {report}"))
}

fn number(value: &Value, key: &str) -> u64 {
    value[key]
        .as_u64()
        .unwrap_or_else(|| panic!("{key} in {value}"))
}
