//! Starting everything, in order.

use std::future::pending;
use std::net::Ipv4Addr;
use std::time::Duration;

use axum::Router;
use mini_alloy::{Pipeline, Settings};
use mini_tempo::Store;
use reqwest::Client;
use service::Server;
use telemetry::http::{Admission, Limits};
use telemetry::metrics::Registry;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};
use url::Url;

use crate::child::Supervised;
use crate::cli::{LogRoutes, Options};
use crate::lines::{Lines, Usage};
use crate::plan::Plan;
use crate::postgres::Databases;
use crate::running::Running;
use crate::topology::{self, Port, Service, url};
use crate::{introduction, local, summary};

/// How long a service may take until it serves.
const START_BOUND: Duration = Duration::from_secs(10);

/// The one that can serve and not be ready.
const DIE_SERVICE: &str = "die-service";

/// Runs everything until Ctrl-C or SIGTERM.
///
/// # Errors
/// In words for the person at the terminal; nothing is left running.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let plan = Plan::new(options)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| format!("no threads to run on: {error}"))?;
    let result = runtime.block_on(async {
        let mut running = Running::default();
        let result = tokio::select! {
            result = start_and_watch(&plan, options, &mut running) => result,
            () = service::terminated() => {
                eprintln!("\nStopping");
                Ok(())
            }
        };
        running.stop().await;
        result
    });
    // A reader of standard output that stalls is not waited for.
    runtime.shutdown_background();
    result
}

/// Starts callees before callers, so that nobody's first call fails. Ends only with an error.
async fn start_and_watch(
    plan: &Plan,
    options: &Options,
    running: &mut Running,
) -> Result<(), String> {
    let usage_sink = topology::usage_sink(plan, options);
    let services = topology::services(plan, options);
    let [otlp, tempo] = topology::store_ports(options);
    let ports = topology::ports(usage_sink.iter().chain(&services));
    check_ports(ports.iter().chain([&otlp, &tempo])).await?;
    let store = Store::new(options.max_spans);
    serve(listen(&otlp).await?, mini_tempo::receiver(store.clone()));
    serve(listen(&tempo).await?, mini_tempo::api(store.clone()));
    let databases = Databases::provide(plan.stage, options, &mut running.postgres).await?;
    if let Some(usage_sink) = usage_sink {
        let lines = Lines::new(options, None)?;
        let port = usage_sink.port.clone();
        running.usage_sink = Some(start(usage_sink, &lines, &databases)?);
        wait_until_ready(port.as_ref(), &databases).await?;
    }
    running.pipeline = pipeline(plan);
    let lines = Lines::new(options, usage(plan, running.pipeline.as_ref()))?;
    for service in services {
        let port = service.port.clone();
        running.services.push(start(service, &lines, &databases)?);
        wait_until_ready(port.as_ref(), &databases).await?;
    }
    introduction::say(plan, options, &databases);
    summary::show(plan, &store).await
}

fn start(service: Service, lines: &Lines, databases: &Databases) -> Result<Supervised, String> {
    let mut role = service.role;
    role.database = databases.of(&role.name);
    let name = role.name.clone();
    let child = Supervised::start(role, lines.clone());
    child.map_err(|error| format!("{name} cannot be started: {error}"))
}

/// Takes usage lines to usage-sink, if that is where they go.
fn pipeline(plan: &Plan) -> Option<Pipeline> {
    let port = plan.usage_sink?;
    let endpoint = Url::parse(&format!("{}/v1/logs", url(port))).expect("a port makes a URL");
    let wanted = plan.log_routes != LogRoutes::Loki;
    wanted.then(|| Pipeline::start(Settings::new(endpoint)))
}

fn usage(plan: &Plan, pipeline: Option<&Pipeline>) -> Option<Usage> {
    Some(Usage {
        pipeline: pipeline?.handle(),
        everywhere: plan.log_routes == LogRoutes::UsageAndLoki,
    })
}

/// Looks before anything starts: whatever is in the way is named in one line. All ports are held
/// until the last was looked at, so that one given twice is found too.
async fn check_ports(ports: impl IntoIterator<Item = &Port>) -> Result<(), String> {
    let mut held = Vec::new();
    for port in ports {
        held.push(listen(port).await?);
    }
    Ok(())
}

async fn listen(Port { number, who, flag }: &Port) -> Result<TcpListener, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, *number)).await;
    listener.map_err(|error| {
        format!(
            "port {number}, which {who} needs, is not free ({error}); choose another with {flag}"
        )
    })
}

/// Serves a part of the stand-in for Tempo for as long as this process lives.
fn serve(listener: TcpListener, app: Router) {
    let admission = Admission::new(&Registry::new(), Limits::default());
    let app = admission.guard(app);
    tokio::spawn(Server::new(app, admission).run(listener, pending()));
}

async fn wait_until_ready(port: Option<&Port>, databases: &Databases) -> Result<(), String> {
    let Some(Port { number, who, .. }) = port else {
        return Ok(());
    };
    let deadline = Instant::now() + START_BOUND;
    let (client, base) = (local::client(), url(*number));
    let mut serves = false;
    while Instant::now() < deadline {
        serves = local::get(&client, &format!("{base}/healthz"))
            .await
            .is_some();
        if serves && (who != DIE_SERVICE || has_dice(&client, &base).await) {
            return Ok(());
        }
        sleep(Duration::from_millis(20)).await;
    }
    if serves && databases.dice.is_some() {
        return Err(format!(
            "die-service has no dice within {START_BOUND:?}: is there a database at --database-url? --logs shows what it tries"
        ));
    }
    Err(format!(
        "{who} does not answer on port {number} within {START_BOUND:?}; --logs shows why"
    ))
}

/// Whether it has read its dice. With a database, it serves before.
async fn has_dice(client: &Client, die_service: &str) -> bool {
    let metrics = local::metrics(client, die_service).await;
    metrics.is_some_and(|metrics| local::sum(&metrics, "die_specifications_loaded", "") > 0.0)
}
