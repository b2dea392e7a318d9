//! The series of the real services, started in this process and scraped before their first request,
//! and a list of those of other exporters.

use std::future::pending;
use std::io;

use clap::{Args, Parser};
use telemetry::Losses;
use tokio::net::TcpListener;

use crate::exposed::Exposed;

/// The series that Prometheus has just after everything has started.
pub(crate) async fn cold() -> Exposed {
    let mut exposed = Exposed::default();
    add_stages(&mut exposed).await;
    add_ktrdr(&mut exposed).await;
    exposed
}

/// An unreachable database: series must exist before it is reachable.
const NO_DATABASE: &str = "postgres://user@127.0.0.1:9/nothing";

async fn add_stages(exposed: &mut Exposed) {
    let dice_roller = serve(&[], |c, l, losses| {
        dice_roller::run(c, l, losses, pending())
    })
    .await;
    let frontend = serve(&[], |c, l, losses| frontend::run(c, l, losses, pending())).await;
    let die_service = serve(&[], |c, l, losses| {
        die_service::run(c, l, losses, pending())
    })
    .await;
    let database = ["--database-url", NO_DATABASE];
    let with_database = serve(&database, |c, l, losses| {
        die_service::run(c, l, losses, pending())
    })
    .await;
    let usage_sink = serve(&database, |c, l, losses| {
        usage_sink::run(c, l, losses, pending())
    })
    .await;
    let prober = serve(&[], |c, l, losses| prober::run(c, l, losses, pending())).await;
    let postgres = include_str!("postgres.prom").to_owned();
    let stages = [
        (1..=6, "dice-roller", dice_roller),
        (2..=6, "frontend", frontend),
        (3..=4, "die-service", die_service),
        (5..=6, "die-service", with_database),
        (5..=6, "postgres", postgres),
        (6..=6, "usage-sink", usage_sink),
        (1..=6, "prober", prober),
    ];
    for (stages, service, metrics) in stages {
        exposed.spans(service);
        for stage in stages {
            let (job, stage) = (format!("{service}-stage{stage}"), stage.to_string());
            let instance = format!("{job}:8000");
            let mut target = vec![
                ("job", &*job),
                ("instance", &*instance),
                ("service", service),
                ("stage", &*stage),
            ];
            if service == "frontend" || job == "dice-roller-stage1" {
                target.push(("front_door", "true"));
            }
            exposed.scrape(&target, &metrics);
        }
    }
    let target = [("job", "alloy"), ("instance", "alloy:12345")];
    exposed.scrape(&target, include_str!("alloy.prom"));
    for (job, metrics) in [
        ("alertmanager", ""),
        ("loki", include_str!("loki.prom")),
        ("prometheus", include_str!("prometheus.prom")),
        ("tempo", ""),
        ("tempo-usage", include_str!("tempo-usage.prom")),
    ] {
        exposed.scrape(&[("job", job)], metrics);
    }
    exposed.scrape(&[("job", "prober")], include_str!("faults.prom"));
    exposed.recorded();
}

async fn add_ktrdr(exposed: &mut Exposed) {
    exposed.spans("ktrdr-backend");
    exposed.spans("ktrdr-worker");
    let backend = serve(&[], |c, l, losses| {
        ktrdr::backend::run(c, l, losses, pending())
    })
    .await;
    let target = [("job", "ktrdr-backend"), ("instance", "ktrdr-backend:8000")];
    exposed.scrape(&target, &backend);
    let worker = serve(&[], |c, l, losses| {
        ktrdr::worker::run(c, l, losses, pending())
    })
    .await;
    for (instance, worker_type) in [
        ("ktrdr-worker-1:5003", "backtest"),
        ("ktrdr-worker-2:5004", "backtest"),
        ("ktrdr-worker-3:5005", "training"),
        ("ktrdr-worker-4:5006", "training"),
        ("ktrdr-worker-5:5007", "backtest"),
        ("ktrdr-worker-6:5008", "training"),
    ] {
        let target = [
            ("job", "ktrdr-workers"),
            ("instance", instance),
            ("worker_type", worker_type),
        ];
        exposed.scrape(&target, &worker);
    }
}

#[derive(Parser)]
struct Flags<C: Args> {
    #[command(flatten)]
    config: C,
}

/// Starts a server with these flags and returns its first `/metrics`.
async fn serve<C: Args, F>(flags: &[&str], run: impl FnOnce(C, TcpListener, Losses) -> F) -> String
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let arguments = ["program"].iter().chain(flags);
    let config = Flags::parse_from(arguments).config;
    tokio::spawn(run(config, listener, Losses::default()));
    let answer = testkit::fetch(format!("http://{address}/metrics")).await;
    let answer = answer.expect("the service answers");
    answer.text().await.expect("metrics are text")
}
