//! The real services, started in this process, scraped before anyone used them.

use std::future::pending;
use std::io;

use clap::{Args, Parser};
use tokio::net::TcpListener;

use crate::exposed::Exposed;

/// What Prometheus would know just after everything has started.
pub(crate) async fn cold() -> Exposed {
    let mut exposed = Exposed::default();
    add_stages(&mut exposed).await;
    add_ktrdr(&mut exposed).await;
    exposed
}

async fn add_stages(exposed: &mut Exposed) {
    let services = [
        (
            1,
            "dice-roller",
            serve(|c, l| dice_roller::run(c, l, pending())).await,
        ),
        (
            2,
            "frontend",
            serve(|c, l| frontend::run(c, l, pending())).await,
        ),
        (
            3,
            "die-service",
            serve(|c, l| die_service::run(c, l, pending())).await,
        ),
    ];
    for (since, service, metrics) in services {
        exposed.spans(service);
        for stage in since..=4 {
            let (job, stage) = (format!("{service}-stage{stage}"), stage.to_string());
            let instance = format!("{job}:8000");
            let target = [
                ("job", &*job),
                ("instance", &instance),
                ("service", service),
                ("stage", &stage),
            ];
            exposed.scrape(&target, &metrics);
        }
    }
}

async fn add_ktrdr(exposed: &mut Exposed) {
    exposed.spans("ktrdr-backend");
    exposed.spans("ktrdr-worker");
    let backend = serve(|c, l| ktrdr::backend::run(c, l, pending())).await;
    let target = [("job", "ktrdr-backend"), ("instance", "ktrdr-backend:8000")];
    exposed.scrape(&target, &backend);
    let worker = serve(|c, l| ktrdr::worker::run(c, l, pending())).await;
    for (instance, worker_type) in [
        ("ktrdr-worker-1:5003", "backtest"),
        ("ktrdr-worker-3:5005", "training"),
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
struct Defaults<C: Args> {
    #[command(flatten)]
    config: C,
}

/// Starts a server with its default configuration and returns its first `/metrics`.
async fn serve<C: Args, F>(run: impl FnOnce(C, TcpListener) -> F) -> String
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(run(Defaults::parse_from(["default"]).config, listener));
    let answer = reqwest::get(format!("http://{address}/metrics")).await;
    let answer = answer.expect("the service answers");
    answer.text().await.expect("metrics are text")
}
