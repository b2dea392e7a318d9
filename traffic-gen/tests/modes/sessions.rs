//! The sessions of `users`: page, sign-in, rolls and sign-out, or rolls only.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::Value;

use crate::run::{Finished, traffic_gen, traffic_gen_in};
use crate::services::listen;
use crate::stand_in::{StandIn, threes};

const FAST: [&str; 5] = [
    "--think-min=0s",
    "--think-max=1ms",
    "--traces-exporter=none",
    "--seed=5",
    "--quiet",
];

fn users<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["users", "--frontend-url", url], &FAST[..], more].concat()
}

/// Requests in order: method and path, cookies, form.
type Diary = Arc<Mutex<Vec<[String; 3]>>>;

/// A frontend that records requests and numbers its sessions.
async fn frontend(diary: &Diary) -> String {
    let page = async |State(diary): State<Diary>, request: Request| {
        let number = diary.lock().expect("no panic while locked").len();
        note(&diary, request).await;
        ([("set-cookie", format!("session={number}; Path=/"))], "")
    };
    let roll = async |State(diary): State<Diary>, request: Request| {
        note(&diary, request).await;
        r#"{"roll":3}"#
    };
    let sign = async |State(diary): State<Diary>, request: Request| {
        let signs_in = request.uri().path() == "/sign-in";
        note(&diary, request).await;
        let mut headers = HeaderMap::new();
        headers.insert("location", "/".parse().expect("a header"));
        let cookie = match signs_in {
            true => "name=X; Path=/",
            false => "name=; Path=/; Max-Age=0",
        };
        headers.insert("set-cookie", cookie.parse().expect("a header"));
        (StatusCode::SEE_OTHER, headers).into_response()
    };
    let app = Router::new()
        .route("/", get(page))
        .route("/roll", get(roll))
        .route("/sign-in", post(sign))
        .route("/sign-out", post(sign))
        .with_state(Arc::clone(diary));
    let (listener, url) = listen().await;
    tokio::spawn(axum::serve(listener, app).into_future());
    url
}

async fn note(diary: &Diary, request: Request) {
    let what = format!("{} {}", request.method(), request.uri().path());
    let cookie = request.headers().get("cookie");
    let cookie = cookie.map_or("", |value| value.to_str().expect("ASCII"));
    let cookie = cookie.to_owned();
    let body = axum::body::to_bytes(request.into_body(), 1024).await;
    let body = String::from_utf8(body.expect("a body").to_vec()).expect("UTF-8");
    let entry = [what, cookie, body];
    diary.lock().expect("no panic while locked").push(entry);
}

#[tokio::test]
async fn a_session_opens_the_page_signs_in_rolls_and_signs_out() {
    let diary = Diary::default();
    let url = frontend(&diary).await;
    let flags = [
        "--users=14",
        "--async-probability=0",
        "--dice=fair=1",
        "--json",
    ];
    let finished = traffic_gen(&users(&url, &flags)).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let diary = diary.lock().expect("no panic while locked");
    let mut names = Vec::new();
    for ([what, cookie, _], number) in diary.iter().zip(0..) {
        if what != "GET /" {
            continue;
        }
        assert_eq!(cookie, "", "a first request has no session");
        let session = format!("session={number}");
        let own = diary
            .iter()
            .filter(|[_, cookie, _]| cookie.split("; ").any(|pair| pair == session));
        let own: Vec<_> = own.collect();
        let [first, rolls @ .., last] = &own[..] else {
            panic!("{session}: {own:?}");
        };
        assert_eq!(
            (first[0].as_str(), first[1].as_str()),
            ("POST /sign-in", &*session)
        );
        names.push(first[2].as_str());
        let signed_in = format!("name=X; {session}");
        let is_roll =
            |[what, cookie, _]: &&[String; 3]| what == "GET /roll" && *cookie == signed_in;
        assert!(!rolls.is_empty() && rolls.iter().all(is_roll), "{own:?}");
        assert_eq!(
            [last[0].as_str(), &*last[1], &*last[2]],
            ["POST /sign-out", &*signed_in, ""]
        );
    }
    names.sort_unstable();
    assert_eq!(names.len(), 14);
    assert_eq!(
        names[..4],
        ["name=Ada", "name=Ada", "name=Alan", "name=Alan"]
    );
    assert_eq!(
        names.iter().filter(|name| **name == "name=Radia").count(),
        1
    );
}

#[tokio::test]
async fn the_report_has_a_row_for_signing_in_and_one_for_signing_out() {
    let frontend = StandIn::start(threes).await;
    let finished = traffic_gen(&users(&frontend.url, &["--users=3", "--json"])).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    for route in ["/sign-in", "/sign-out"] {
        let row = row(&finished, route);
        assert_eq!(
            (&row["requests"], &row["rolls"]),
            (&3.into(), &0.into()),
            "{row}"
        );
        assert_eq!(row["failures"], serde_json::json!({}));
    }
}

#[tokio::test]
async fn users_continue_without_sign_in() {
    let older = |target: &str| match target {
        "/sign-in" | "/sign-out" => (404, r#"{"detail":"there is no such route"}"#.to_owned()),
        target => threes(target),
    };
    let frontend = StandIn::start(older).await;
    let finished = traffic_gen(&users(&frontend.url, &["--users=2", "--json"])).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let sign_in = row(&finished, "/sign-in");
    assert_eq!(sign_in["not_offered"], 2, "{sign_in}");
    assert!(row(&finished, "/roll")["rolls"].as_u64() > Some(0));
    let told = traffic_gen(&users(&frontend.url, &["--users=2"])).await;
    let line = "/sign-in does not exist (404, 2 times); users continued without it";
    assert!(told.stdout.contains(line), "{told:?}");
}

#[tokio::test]
async fn a_failed_sign_in_counts_as_a_failure() {
    for (status, failure) in [(200, "malformed"), (422, "422"), (503, "503")] {
        let answer = move |target: &str| match target {
            "/sign-in" => (status, String::new()),
            target => threes(target),
        };
        let frontend = StandIn::start(answer).await;
        let finished = traffic_gen(&users(&frontend.url, &["--users=2", "--json"])).await;
        assert_eq!(finished.code, Some(1), "{finished:?}");
        assert_eq!(row(&finished, "/sign-in")["failures"][failure], 2);
    }
}

#[tokio::test]
async fn only_rolls_can_go_to_dice_roller_itself() {
    let roller = |target: &str| match target.starts_with("/roll?") {
        true => (200, r#"{"roll":3}"#.to_owned()),
        false => (404, String::new()),
    };
    for variables in [
        &[("ONLY_ROLLS", "true"), ("ASYNC_PROBABILITY", "0")][..],
        &[("ONLY_ROLLS", "1"), ("ASYNC_PROBABILITY", "0")],
    ] {
        let roller = StandIn::start(roller).await;
        let arguments = users(&roller.url, &["--users=3", "--dice=fair=1"]);
        let finished = traffic_gen_in(variables, &arguments).await;
        assert_eq!(finished.code, Some(0), "{finished:?}");
        let asked = roller.asked();
        assert!(asked.len() > 3, "{asked:?}");
        assert!(
            asked.iter().all(|target| target == "/roll?die=fair"),
            "{asked:?}"
        );
        assert!(!finished.stdout.contains("the page"), "{finished:?}");
    }
}

#[tokio::test]
async fn an_empty_variable_is_ignored() {
    for value in ["", "false", "0", "no"] {
        let frontend = StandIn::start(threes).await;
        let variables = [
            ("ONLY_ROLLS", value),
            ("NUM_USERS", ""),
            ("ASYNC_PROBABILITY", ""),
        ];
        let finished = traffic_gen_in(&variables, &users(&frontend.url, &["--json"])).await;
        assert_eq!(finished.code, Some(0), "{value:?}: {finished:?}");
        assert_eq!(row(&finished, "/")["requests"], 10, "{value:?}");
    }
}

fn row(finished: &Finished, route: &str) -> Value {
    let report = finished.json();
    let routes = report["routes"].as_array().expect("routes");
    let row = routes.iter().find(|row| row["route"] == route);
    row.unwrap_or_else(|| panic!("{route} in {report}")).clone()
}
