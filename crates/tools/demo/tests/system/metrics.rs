//! The values of `/metrics` before and after a roll.

use testkit::get;

use crate::support::System;

/// A metric and some of its labels.
type Series = (&'static str, &'static [&'static str]);

/// Every metric of the contract, by service, with a label set that must exist from the start.
const COLD: [(&str, &[Series]); 3] = [
    (
        "die-service",
        &[
            (
                "die_specifications_requested_total",
                &["identifier=\"fair\""],
            ),
            (
                "die_specifications_requested_total",
                &["identifier=\"unknown\""],
            ),
            ("die_list_requests_total", &[]),
            (
                "http_requests_total",
                &["handler=\"/dice\"", "status=\"404\""],
            ),
        ],
    ),
    (
        "dice-roller",
        &[
            (
                "dice_rolls_total",
                &["die_type=\"risky\"", "result=\"error\""],
            ),
            ("dice_roll_value_count", &["die_type=\"extreme\""]),
            (
                "die_service_requests_total",
                &["identifier=\"fair\"", "status=\"timeout\""],
            ),
            (
                "die_service_requests_total",
                &["identifier=\"unknown\"", "status=\"not_found\""],
            ),
            ("die_service_request_duration_seconds_count", &[]),
            (
                "async_rolls_total",
                &["die_type=\"fair\"", "result=\"success\""],
            ),
            ("async_roll_batch_size_count", &[]),
            ("async_roll_duration_seconds_count", &[]),
            ("async_rolls_in_progress", &[]),
            ("async_rolls_in_progress_max", &[]),
            (
                "http_request_duration_seconds_count",
                &["handler=\"/roll\"", "status=\"200\""],
            ),
            (
                "http_requests_in_progress",
                &["handler=\"/roll-async\"", "method=\"GET\""],
            ),
        ],
    ),
    (
        "frontend",
        &[
            ("streamlit_button_clicks_total", &["die_type=\"fair\""]),
            (
                "streamlit_requests_total",
                &["die_type=\"risky\"", "status_code=\"500\""],
            ),
            (
                "streamlit_request_duration_seconds_count",
                &["die_type=\"unknown\""],
            ),
            ("async_roll_requests_total", &["batch_size=\"1\""]),
            ("async_roll_requests_total", &["batch_size=\"20\""]),
        ],
    ),
];

#[tokio::test]
async fn every_known_series_is_there_at_zero_from_the_first_scrape() {
    let system = System::quick().await;
    for (service, series) in COLD {
        let process = match service {
            "die-service" => &system.die_service,
            "dice-roller" => &system.dice_roller,
            _ => &system.frontend,
        };
        let metrics = process.metrics().await;
        for (name, labels) in series {
            let what = format!("{service}: {name}{labels:?}");
            assert!(metrics.has(name, labels), "{what} is missing");
            assert_eq!(metrics.value(name, labels), 0.0, "{what}");
        }
        assert_eq!(metrics.value("build_info", &["version=\"0.1.0\""]), 1.0);
        assert!(metrics.value("process_resident_memory_bytes", &[]) > 1e6);
        assert!(metrics.value("process_open_fds", &[]) > 3.0);
        assert!(metrics.value("process_start_time_seconds", &[]) > 1.7e9);
        assert_eq!(
            metrics.sum("telemetry_spans_total", &["outcome=\"dropped\""]),
            0.0
        );
    }
    let loaded = system
        .die_service
        .metrics()
        .await
        .value("die_specifications_loaded", &[]);
    assert_eq!(loaded, 3.0);
}

#[tokio::test]
async fn histograms_have_the_buckets_of_the_contract() {
    let system = System::quick().await;
    let metrics = system.dice_roller.metrics().await;
    let whole = |range: std::ops::RangeInclusive<u8>| range.map(f64::from).collect();
    let expected: [(&str, Vec<f64>); 4] = [
        ("dice_roll_value", whole(0..=8)),
        ("async_roll_batch_size", whole(1..=20)),
        (
            "die_service_request_duration_seconds",
            // The contract's, and three below them: a look-up takes a fraction of a millisecond.
            vec![
                0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                1.0,
            ],
        ),
        (
            "async_roll_duration_seconds",
            vec![0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0],
        ),
    ];
    for (name, bounds) in expected {
        let bucket = format!("{name}_bucket");
        let buckets = metrics.samples().iter().filter(|it| it.name == bucket);
        let found = buckets.map(|bucket| bucket.labels["le"].parse().expect("a bound"));
        let mut found: Vec<f64> = found.filter(|bound: &f64| bound.is_finite()).collect();
        found.sort_by(f64::total_cmp);
        found.dedup();
        assert_eq!(found, bounds, "{name}");
    }
}

#[tokio::test]
async fn a_batch_of_ten_moves_every_counter_by_exactly_what_happened() {
    let system = System::quick().await;
    let (status, _) = get(&system.frontend.url("/roll-async?die=fair&times=10")).await;
    assert_eq!(status, 200);
    let roller = system.dice_roller.metrics().await;
    let fair = "die_type=\"fair\"";
    assert_eq!(
        roller.value("async_rolls_total", &[fair, "result=\"success\""]),
        10.0
    );
    assert_eq!(roller.sum("async_rolls_total", &[]), 10.0);
    assert_eq!(
        roller.sum("dice_rolls_total", &[]),
        0.0,
        "no roll is counted twice"
    );
    assert_eq!(roller.value("async_roll_batch_size_sum", &[]), 10.0);
    assert_eq!(roller.value("async_roll_batch_size_count", &[]), 1.0);
    assert_eq!(
        roller.value("async_roll_batch_size_bucket", &["le=\"9\""]),
        0.0
    );
    assert_eq!(
        roller.value("async_roll_batch_size_bucket", &["le=\"10\""]),
        1.0
    );
    assert_eq!(roller.value("async_roll_duration_seconds_count", &[]), 1.0);
    assert_eq!(roller.value("dice_roll_value_count", &[fair]), 10.0);
    assert_eq!(roller.value("async_rolls_in_progress", &[]), 0.0);
    let most = roller.value("async_rolls_in_progress_max", &[]);
    assert!((1.0..=10.0).contains(&most), "{most} of 10 rolls at once");
    let lookups = ["identifier=\"fair\"", "status=\"success\""];
    assert_eq!(roller.value("die_service_requests_total", &lookups), 1.0);
    assert_eq!(
        roller.value("die_service_request_duration_seconds_count", &[]),
        1.0
    );
    let frontend = system.frontend.metrics().await;
    assert_eq!(
        frontend.value("streamlit_button_clicks_total", &[fair]),
        1.0
    );
    assert_eq!(
        frontend.value("async_roll_requests_total", &["batch_size=\"10\""]),
        1.0
    );
    let ok = [fair, "status_code=\"200\""];
    assert_eq!(frontend.value("streamlit_requests_total", &ok), 1.0);
    assert_eq!(
        frontend.value("streamlit_request_duration_seconds_count", &[fair]),
        1.0
    );
    let dice = system.die_service.metrics().await;
    let requested = dice.value(
        "die_specifications_requested_total",
        &["identifier=\"fair\""],
    );
    assert_eq!(requested, 1.0);
    for (metrics, handler) in [
        (&frontend, "/roll-async"),
        (&roller, "/roll-async"),
        (&dice, "/dice"),
    ] {
        let handler = format!("handler=\"{handler}\"");
        let labels = [&handler, "method=\"GET\"", "status=\"200\""];
        assert_eq!(metrics.value("http_requests_total", &labels), 1.0);
        assert_eq!(
            metrics.value("http_request_duration_seconds_count", &labels),
            1.0
        );
    }
}

#[tokio::test]
async fn failed_rolls_are_counted_and_the_sums_agree() {
    let system = System::quick().await;
    for _ in 0..50 {
        get(&system.frontend.url("/roll?die=extreme")).await;
        get(&system.frontend.url("/roll-async?die=extreme&times=4")).await;
    }
    let roller = system.dice_roller.metrics().await;
    assert_eq!(roller.sum("dice_rolls_total", &[]), 50.0);
    assert!(roller.sum("dice_rolls_total", &["result=\"error\""]) > 0.0);
    assert!(roller.sum("async_rolls_total", &["result=\"error\""]) > 0.0);
    let rolls = roller.sum("async_rolls_total", &[]);
    assert_eq!(rolls, roller.value("async_roll_batch_size_sum", &[]));
    assert_eq!(rolls, 200.0);
    let values = roller.sum("dice_roll_value_count", &[]);
    let successes = roller.sum("dice_rolls_total", &["result=\"success\""])
        + roller.sum("async_rolls_total", &["result=\"success\""]);
    assert_eq!(values, successes);
    let failures = ["handler=\"/roll\"", "status=\"500\""];
    let failed = roller.sum("dice_rolls_total", &["result=\"error\""]);
    assert_eq!(roller.value("http_requests_total", &failures), failed);
    let frontend = system.frontend.metrics().await;
    assert_eq!(frontend.value("http_requests_total", &failures), failed);
}

#[tokio::test]
async fn health_and_metrics_are_neither_counted_nor_traced() {
    let system = System::quick().await;
    for _ in 0..5 {
        get(&system.frontend.url("/healthz")).await;
        get(&system.frontend.url("/metrics")).await;
    }
    let metrics = system.frontend.metrics().await;
    assert_eq!(metrics.sum("http_requests_total", &[]), 0.0);
    let (_, traced) = get(&system.frontend.url("/roll?die=fair")).await;
    let trace = traced["trace_id"].as_str().expect("an id");
    system.trace(trace, 7).await;
    assert_eq!(system.store.traces().len(), 1, "only the trace of the roll");
    let lines = system.frontend.lines();
    let others: Vec<_> = lines
        .iter()
        .filter(|line| line["trace_id"] != trace)
        .collect();
    assert_eq!(others.len(), 1, "only the line Listening: {others:?}");
}
