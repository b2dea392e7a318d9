//! What no request can do to the metrics: create series, or leave a gauge behind.

use std::collections::BTreeSet;

use testkit::{Metrics, eventually};
use tokio::task::JoinSet;

use crate::support::System;

#[tokio::test]
async fn ten_thousand_random_names_create_no_series() {
    let system = System::quick().await;
    let client = reqwest::Client::new();
    let probe = |i: u32| {
        let (frontend, client) = (&system.frontend, client.clone());
        let odd = format!("%22%0A{i}\\{{}}");
        let path = match i % 4 {
            0 => format!("/roll?die=d{i}"),
            1 => format!("/roll-async?die=d{i}{odd}&times=3"),
            2 => format!("/r{i}/{odd}"),
            _ => format!("/roll?die=fair&x{i}=1"),
        };
        let url = frontend.url(&path);
        let method = if i.is_multiple_of(7) {
            format!("M{i}")
        } else {
            "GET".to_owned()
        };
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a token");
        async move { client.request(method, url).send().await.expect("an answer") }
    };
    let series = || async {
        let mut all = BTreeSet::new();
        for process in [&system.die_service, &system.dice_roller, &system.frontend] {
            let metrics: Metrics = process.metrics().await;
            all.extend(
                metrics
                    .series()
                    .map(|series| format!("{}{series}", process.address)),
            );
        }
        all
    };
    // Once each way: what a first 404 or 405 adds is bounded too, and is not what is measured.
    for i in 0..56 {
        probe(i).await;
    }
    let before = series().await;
    for chunk in 0..200_u32 {
        let requests: JoinSet<_> = (0..50).map(|i| probe(56 + chunk * 50 + i)).collect();
        requests.join_all().await;
    }
    let after = series().await;
    assert_eq!(
        after.difference(&before).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    let unknown = ["die_type=\"unknown\""];
    let clicks = system
        .frontend
        .metrics()
        .await
        .value("streamlit_button_clicks_total", &unknown);
    assert!(clicks > 4_000.0, "{clicks} of them asked for a die");
}

#[tokio::test]
async fn a_client_that_leaves_is_counted_and_leaks_no_gauge() {
    let system = System::start(&["--roll-delay=1s"]).await;
    let impatient = reqwest::Client::builder()
        .timeout(std::time::Duration::from_millis(50))
        .build()
        .expect("a client");
    let batch = system.dice_roller.url("/roll-async?die=fair&times=20");
    impatient.get(batch).send().await.expect_err("gave up");
    // One roll in twenty is done within the client's patience.
    while impatient
        .get(system.dice_roller.url("/roll?die=fair"))
        .send()
        .await
        .is_ok()
    {}
    eventually("the batch to end and the gauges to return to 0", || async {
        let metrics = system.dice_roller.metrics().await;
        let idle = metrics.sum("http_requests_in_progress", &[]) == 0.0
            && metrics.value("async_rolls_in_progress", &[]) == 0.0
            && metrics.value("async_roll_batch_size_count", &[]) == 1.0;
        idle.then_some(())
    })
    .await;
    let metrics = system.dice_roller.metrics().await;
    assert_eq!(metrics.sum("http_requests_total", &["status=\"499\""]), 2.0);
    assert_eq!(
        metrics.sum("async_rolls_total", &[]),
        20.0,
        "a batch that began is finished"
    );
    assert_eq!(metrics.value("async_roll_batch_size_sum", &[]), 20.0);
}
