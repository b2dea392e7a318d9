//! The faults of this service: on and off by a file, each shown by its signal.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use faults::Fault;
use mini_tempo::Store;
use testkit::{FlagsFile, Process, assert_unnamed, becomes, eventually, get};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const ROLL: &str = "/roll?die=fair";

async fn start(flags: &FlagsFile, own: &[&str]) -> Process {
    let flag = flags.flag();
    let always = ["--listen=127.0.0.1:0", "--roll-delay=0s", &flag];
    let program = env!("CARGO_BIN_EXE_dice-roller");
    Process::start(program, &[&always, own].concat()).await
}

/// Starts it without a collector.
async fn start_alone(flags: &FlagsFile, own: &[&str]) -> Process {
    start(flags, &[&["--otel-disabled"], own].concat()).await
}

async fn status(service: &Process) -> u16 {
    get(&service.url(ROLL)).await.0
}

#[tokio::test]
async fn a_share_of_the_rolls_fails_until_it_is_switched_off() {
    let flags = FlagsFile::new();
    let service = start_alone(&flags, &[]).await;
    assert_eq!(status(&service).await, 200);
    flags.set(&[(Fault::FailingDiceRoller, 1.0)]);
    becomes("the status", 503, || status(&service)).await;
    let (batch, body) = get(&service.url("/roll-async?die=fair&times=2")).await;
    assert_eq!(batch, 503);
    assert_eq!(
        body["detail"],
        "random numbers are not available; try again later"
    );
    service.line_with("Random numbers are not available").await;
    flags.set(&[]);
    becomes("the status", 200, || status(&service)).await;
    assert_unnamed(&service).await;
}

#[tokio::test]
async fn rolls_are_delayed_until_it_is_switched_off() {
    let flags = FlagsFile::new();
    flags.set(&[(Fault::SlowDiceRoller, 0.4)]);
    let service = start_alone(&flags, &[]).await;
    let took = || async {
        let start = Instant::now();
        assert_eq!(status(&service).await, 200);
        start.elapsed()
    };
    let delay = Duration::from_millis(400);
    assert!(took().await >= delay);
    flags.set(&[]);
    eventually("a roll without delay", || async {
        (took().await < delay).then_some(())
    })
    .await;
}

/// At most four threads serve requests: sixteen that each block one for 0.2 s take 0.8 s or more,
/// however fast the machine is. Sixteen that only wait take 0.2 s.
#[tokio::test]
async fn a_roll_that_blocks_its_thread_delays_all_others() {
    let flags = FlagsFile::new();
    flags.set(&[(Fault::BlockedWorker, 0.2)]);
    let service = start_alone(&flags, &[]).await;
    let crowd = || async {
        let start = Instant::now();
        let mut rolls = JoinSet::new();
        for _ in 0..16 {
            let url = service.url(ROLL);
            rolls.spawn(async move { get(&url).await.0 });
        }
        let statuses = rolls.join_all().await;
        assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
        start.elapsed()
    };
    assert!(crowd().await >= Duration::from_millis(800));
    flags.set(&[]);
    eventually("rolls that do not wait for each other", || async {
        (crowd().await < Duration::from_millis(800)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn memory_grows_and_is_freed_when_the_leak_is_switched_off() {
    const MB: f64 = 1e6;
    let flags = FlagsFile::new();
    let service = start_alone(&flags, &[]).await;
    let memory = || async {
        let metrics = service.metrics().await;
        metrics.value("process_resident_memory_bytes", &[])
    };
    let before = memory().await;
    flags.set(&[(Fault::MemoryLeak, 50.0)]);
    eventually("30 MB more", || async {
        (memory().await > before + 30.0 * MB).then_some(())
    })
    .await;
    flags.set(&[]);
    eventually("less than 15 MB more", || async {
        (memory().await < before + 15.0 * MB).then_some(())
    })
    .await;
    assert_unnamed(&service).await;
}

#[tokio::test]
async fn a_process_whose_memory_leaks_is_killed_at_its_limit() {
    let flags = FlagsFile::new();
    flags.set(&[(Fault::MemoryLeak, 50.0)]);
    let service = start_alone(&flags, &["--faults-memory-limit=10"]).await;
    let (ended, _) = service.ended().await;
    assert_eq!(ended.signal(), Some(9), "{ended}");
}

#[tokio::test]
async fn label_values_explode_within_bounds_and_vanish_again() {
    const NAME: &str = "die_service_requests_total";
    let flags = FlagsFile::new();
    let service = start_alone(&flags, &[]).await;
    let series = || async {
        let metrics = service.metrics().await;
        assert_eq!(metrics.sum(NAME, &[]), 0.0, "sums stay right");
        metrics
            .series()
            .filter(|series| series.starts_with(NAME))
            .count()
    };
    let before = series().await;
    flags.set(&[(Fault::LabelExplosion, 500.0)]);
    eventually("200 series more", || async {
        (series().await > before + 200).then_some(())
    })
    .await;
    flags.set(&[]);
    becomes("series", before, series).await;
    assert_unnamed(&service).await;
}

#[tokio::test]
async fn a_bad_release_reports_another_version_with_its_errors() {
    let store = Store::new(mini_tempo::DEFAULT_MAX_SPANS);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let otlp = format!(
        "--otlp-endpoint=http://{}",
        listener.local_addr().expect("bound")
    );
    tokio::spawn(axum::serve(listener, mini_tempo::receiver(store.clone())).into_future());
    let flags = FlagsFile::new();
    let service = start(&flags, &[&otlp, "--span-delay=50"]).await;
    let versions = |expected: &'static str| {
        let (service, store) = (&service, &store);
        async move {
            let label = format!("version=\"{expected}\"");
            eventually(expected, || async {
                let metrics = service.metrics().await;
                (metrics.sum("build_info", &[]) == 1.0 && metrics.has("build_info", &[&label]))
                    .then_some(())
            })
            .await;
            let known = store.traces().len();
            eventually("spans with this version", || async {
                status(service).await;
                let new = store.traces().into_iter().skip(known);
                let mut spans = new.flat_map(|trace| trace.spans().to_vec());
                spans.find(|span| {
                    let version = span.resource_attribute("service.version");
                    version == Some(mini_tempo::Value::Text(expected))
                })
            })
            .await;
        }
    };
    versions("0.1.0").await;
    flags.set(&[(Fault::BadRelease, 1.0)]);
    becomes("the status", 503, || status(&service)).await;
    versions("0.2.0").await;
    service.line_with("The specification cannot be used").await;
    flags.set(&[]);
    becomes("the status", 200, || status(&service)).await;
    versions("0.1.0").await;
    assert_unnamed(&service).await;
}

/// With ten times the weight, two of three rolls are sixes instead of one of six: a share of 0.4
/// lies more than five standard deviations from both.
#[tokio::test]
async fn a_loaded_die_shows_one_face_too_often_in_answers_that_are_all_right() {
    let flags = FlagsFile::new();
    flags.set(&[(Fault::LoadedDie, 10.0)]);
    let service = start_alone(&flags, &[]).await;
    let sixes = || async {
        let mut sixes = 0;
        for _ in 0..10 {
            let (status, body) = get(&service.url("/roll-async?die=fair&times=20")).await;
            assert_eq!(status, 200);
            let rolls = body["rolls"].as_array().expect("rolls");
            assert!(
                rolls
                    .iter()
                    .all(|roll| (1..=6).contains(&roll.as_u64().unwrap_or(0)))
            );
            sixes += rolls.iter().filter(|roll| **roll == 6).count();
        }
        sixes as f64 / 200.0
    };
    assert!(sixes().await > 0.4);
    flags.set(&[]);
    eventually("a fair die", || async {
        (sixes().await < 0.4).then_some(())
    })
    .await;
    assert_unnamed(&service).await;
}
