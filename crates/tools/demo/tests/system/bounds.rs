//! Limits of requests on the metrics: they cannot create series or leave a gauge above 0.

use std::collections::BTreeSet;

use testkit::{Metrics, Process, eventually};
use tokio::task::JoinSet;

use crate::support::System;

#[tokio::test]
async fn ten_thousand_random_names_create_no_series() {
    let system = System::quick().await;
    let client = testkit::client();
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
    // Each kind once: the series of the first 404 or 405 are bounded too, and not measured here.
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
    assert!(clicks > 4_000.0, "{clicks} requests named a die");
}

#[tokio::test]
async fn a_client_that_leaves_is_counted_and_leaks_no_gauge() {
    let system = System::start(&["--roll-delay=1s"]).await;
    // A roll without delay would be answered before the client can leave.
    while !leave(&system.dice_roller, "/roll", "die=fair").await {}
    let batch = "die=fair&times=20";
    assert!(leave(&system.dice_roller, "/roll-async", batch).await);
    eventually("the batch to end and the gauges to return to 0", || async {
        let metrics = system.dice_roller.metrics().await;
        let idle = metrics.sum("http_requests_in_progress", &[]) == 0.0
            && metrics.value("async_rolls_in_progress", &[]) == 0.0
            && metrics.value("async_roll_batch_size_count", &[]) == 1.0;
        idle.then_some(())
    })
    .await;
    let metrics = system.dice_roller.metrics().await;
    assert_eq!(
        metrics.sum("async_rolls_total", &[]),
        20.0,
        "a batch that began is finished"
    );
    assert_eq!(metrics.value("async_roll_batch_size_sum", &[]), 20.0);
}

/// Sends a request and leaves once the service is handling it; returns whether it was counted.
async fn leave(service: &Process, handler: &str, query: &str) -> bool {
    let label = format!("handler=\"{handler}\"");
    let sum = async |name: &str, more: &[&str]| {
        let metrics = service.metrics().await;
        metrics.sum(name, &[&[label.as_str()], more].concat())
    };
    let before = sum("http_requests_total", &[]).await;
    let request = tokio::spawn(testkit::fetch(service.url(&format!("{handler}?{query}"))));
    eventually("the request to be in progress or over", || async {
        let metrics = service.metrics().await;
        let at_work = match handler {
            // Before that, it would leave no batch behind.
            "/roll-async" => metrics.value("async_rolls_in_progress", &[]) > 0.0,
            _ => sum("http_requests_in_progress", &[]).await > 0.0,
        };
        (at_work || sum("http_requests_total", &[]).await > before).then_some(())
    })
    .await;
    request.abort();
    eventually("the request to be over", || async {
        (sum("http_requests_total", &[]).await > before).then_some(())
    })
    .await;
    sum("http_requests_total", &["status=\"499\""]).await > 0.0
}
