//! `fault_active`: what is switched on, unless a drill hides it. Alone in its process, because the
//! switches are those of the process.

use std::future::pending;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Parser;
use faults::{Fault, Flags};
use prober::Config;
use testkit::{Metrics, becomes};
use tokio::net::TcpListener;

#[derive(Parser)]
struct Flagged {
    #[command(flatten)]
    config: Config,
}

#[tokio::test]
async fn faults_are_shown_unless_they_are_hidden_or_have_expired() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("flags.json");
    faults::watch(file.clone(), "prober", |error| panic!("{error}")).expect("a thread");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/metrics", listener.local_addr().expect("bound"));
    let config = Flagged::parse_from(["prober", "--probe-url=http://127.0.0.1:1"]).config;
    tokio::spawn(prober::run(
        config,
        listener,
        telemetry::Losses::default(),
        pending(),
    ));
    let active = async || {
        let metrics = Metrics::scrape(&url).await;
        let samples = metrics.samples().iter();
        let active = samples.filter(|it| it.name == "fault_active" && it.value == 1.0);
        active
            .map(|it| it.labels["fault"].clone())
            .collect::<Vec<_>>()
    };
    let is_on = vec!["log-flood".to_owned()];
    let mut flags = Flags::default();
    // A fault of another service than this one.
    flags.switch_on(Fault::LogFlood, None).expect("a strength");
    flags.write(&file).expect("a file");
    becomes("the active faults", is_on.clone(), &active).await;
    let labels = ["fault=\"log-flood\"", "service=\"frontend\""];
    let shown = Metrics::scrape(&url).await;
    assert_eq!(shown.value("fault_active", &labels), 1.0);
    // The file stays as it is, and its lease ends.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("later");
    flags.set_lease(Some((now + Duration::from_secs(2)).as_secs()));
    flags.write(&file).expect("a file");
    becomes("the active faults", Vec::new(), &active).await;
    flags.set_lease(None);
    flags.write(&file).expect("a file");
    becomes("the active faults", is_on, &active).await;
    flags.set_hidden(true);
    flags.write(&file).expect("a file");
    becomes("the active faults", Vec::new(), &active).await;
}
