//! A dependency that is gone, broken or slow: the right status, and recovery without a restart.

use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get as route;
use nix::sys::signal::Signal;
use testkit::{eventually, get};
use tokio::net::TcpListener;

use crate::support::{System, collector, service};

#[tokio::test]
async fn die_service_killed_and_restarted_is_503_and_then_200_again() {
    let system = System::quick().await;
    let System {
        die_service,
        dice_roller,
        frontend,
        otlp,
        store: _store,
    } = system;
    let roll = frontend.url("/roll?die=fair");
    assert_eq!(get(&roll).await.0, 200);
    let address = die_service.address.clone();
    die_service.signal(Signal::SIGKILL);
    die_service.ended().await;
    for url in [&roll, &dice_roller.url("/roll-async?die=fair&times=2")] {
        let (status, answer) = get(url).await;
        assert_eq!(status, 503, "{answer}");
        let detail = answer["detail"].as_str().expect("text");
        assert_eq!(detail, "die-service is not available; try again later");
    }
    let lookups = dice_roller.metrics().await;
    let failed = ["identifier=\"fair\"", "status=\"error\""];
    assert_eq!(lookups.value("die_service_requests_total", &failed), 2.0);
    let told = eventually("one line for each", || async {
        let told = dice_roller.lines_with("Die service is not available");
        (told.len() >= 2).then_some(told)
    })
    .await;
    assert_eq!(told.len(), 2);
    assert!(
        told[0]["cause"].as_str().expect("text").contains("refused"),
        "{}",
        told[0]
    );
    let listen = format!("--listen={address}");
    let otlp = format!("--otlp-endpoint={otlp}");
    let arguments = ["service", "die-service", &listen, &otlp];
    let _restarted = testkit::Process::start(crate::support::PROGRAM, &arguments).await;
    eventually("a roll without restarting the roller", || async {
        (get(&roll).await.0 == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_die_service_that_hangs_is_504_within_the_bound() {
    let hanging = serve(Router::new().route("/dice", route(std::future::pending::<String>))).await;
    let (_store, otlp) = collector().await;
    let url = format!("--die-service-url={hanging}");
    let roller = service("dice-roller", &otlp, &[&url]).await;
    let roller_url = format!("--dice-roller-url={}", roller.url(""));
    let frontend = service("frontend", &otlp, &[&roller_url]).await;
    let start = Instant::now();
    let (status, answer) = get(&frontend.url("/roll?die=fair")).await;
    let took = start.elapsed();
    assert_eq!(status, 504, "{answer}");
    // The detail of dice-roller, sent before the 5 s timeout of the frontend itself.
    assert_eq!(
        answer["detail"],
        "die-service did not answer in time; try again later"
    );
    assert!(took >= Duration::from_secs(2), "{took:?}");
    let timeouts = ["identifier=\"fair\"", "status=\"timeout\""];
    assert_eq!(
        roller
            .metrics()
            .await
            .value("die_service_requests_total", &timeouts),
        1.0
    );
}

#[tokio::test]
async fn the_frontend_waits_five_seconds_for_a_roll_and_ten_for_a_batch() {
    let hang = || route(std::future::pending::<String>);
    let hanging = Router::new()
        .route("/roll", hang())
        .route("/roll-async", hang());
    let roller = format!("--dice-roller-url={}", serve(hanging).await);
    let (_store, otlp) = collector().await;
    let frontend = service("frontend", &otlp, &[&roller]).await;
    let ask = async |path: &str| {
        let start = Instant::now();
        let (status, answer) = get(&frontend.url(path)).await;
        assert_eq!(status, 504, "{answer}");
        let detail = "dice-roller did not answer in time; try again later";
        assert_eq!(answer["detail"], detail);
        start.elapsed().as_secs_f64()
    };
    let (roll, batch) = tokio::join!(ask("/roll?die=fair"), ask("/roll-async?die=fair&times=2"));
    assert!(5.0 <= roll && 10.0 <= batch, "{roll} s and {batch} s");
    assert!(roll < batch, "{roll} s and {batch} s");
}

#[tokio::test]
async fn a_malformed_answer_of_die_service_is_503_and_is_not_passed_on() {
    let (_store, otlp) = collector().await;
    let bodies = [
        (StatusCode::INTERNAL_SERVER_ERROR, "secret stack trace"),
        (StatusCode::OK, "<html>"),
        (
            StatusCode::OK,
            r#"{"identifier":"fair","specification":{"faces":[],"error_rate":0}}"#,
        ),
        (
            StatusCode::OK,
            r#"{"identifier":"fair","specification":{"faces":[1],"error_rate":7}}"#,
        ),
        (StatusCode::FOUND, ""),
    ];
    for answer in bodies {
        let broken =
            serve(Router::new().route("/dice", route(move || async move { answer }))).await;
        let url = format!("--die-service-url={broken}");
        let roller = service("dice-roller", &otlp, &[&url]).await;
        let (status, body) = get(&roller.url("/roll?die=fair")).await;
        assert_eq!(status, 503, "{answer:?} gave {body}");
        assert_eq!(
            body["detail"], "die-service is not available; try again later",
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn without_die_service_the_roller_has_dice_and_the_page_has_a_list() {
    let (_store, otlp) = collector().await;
    let roller = service("dice-roller", &otlp, &["--roll-delay=0s"]).await;
    assert_eq!(get(&roller.url("/roll?die=fair")).await.0, 200);
    let (status, answer) = get(&roller.url("/roll?die=loaded")).await;
    let words = "there is no die \"loaded\"; the dice are extreme, fair, risky";
    assert_eq!((status, answer["detail"].as_str()), (404, Some(words)));
    let unused = crate::support::unused_url();
    let arguments = [
        format!("--die-service-url={unused}"),
        format!("--dice-roller-url={unused}"),
    ];
    let arguments = arguments.each_ref().map(String::as_str);
    let frontend = service("frontend", &otlp, &arguments).await;
    let (status, page) = get(&frontend.url("/")).await;
    assert_eq!(status, 200);
    assert!(page.as_str().expect("HTML").contains("risky"));
    let built_in = "Cannot list dice; the page shows the built-in ones";
    let told = frontend.line_with(built_in).await;
    assert_eq!(told["level"], "WARN");
    let (status, answer) = get(&frontend.url("/roll?die=fair")).await;
    assert_eq!(
        (status, &answer["detail"]),
        (503, &"dice-roller is not available; try again later".into())
    );
}

async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(axum::serve(listener, app).into_future());
    url
}
