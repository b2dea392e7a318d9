//! Starts everything, in order.

use std::future::pending;
use std::time::Duration;

use axum::Router;
use mini_alloy::{Pipeline, Settings};
use mini_tempo::{Bounds, Store, TailSampling};
use service::Server;
use signals::Reader;
use signals::exposition::Exposition;
use stages::Component;
use telemetry::http::{Admission, Limits};
use telemetry::metrics::Registry;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use url::Url;

use crate::child::{Failures, Supervised};
use crate::cli::{LogRoutes, Options};
use crate::environment::{self, Decided};
use crate::lines::{Lines, Usage};
use crate::local::reader;
use crate::plan::Plan;
use crate::ports::{check_ports, listen};
use crate::postgres::Databases;
use crate::running::Running;
use crate::terminal::say;
use crate::topology::{self, Port, Service, url};
use crate::{introduction, summary};

/// How long a service may take to become ready.
const START_BOUND: Duration = Duration::from_secs(10);

/// Threads for the stand-in for Tempo and the output of the children.
const THREADS: usize = 2;

/// The only service that can serve without being ready.
const DIE_SERVICE: &str = "die-service";

/// Runs everything until Ctrl-C or SIGTERM.
///
/// # Errors
/// With a message for the terminal; no process is left running.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let plan = Plan::new(options)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // Set here, so that no environment variable can change it.
        .worker_threads(THREADS)
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| format!("cannot start the async runtime: {error}"))?;
    let result = runtime.block_on(async {
        let mut running = Running::default();
        let (failures, mut failed) = mpsc::unbounded_channel();
        let result = tokio::select! {
            result = start_and_watch(&plan, options, &mut running, &failures) => result,
            Some(problem) = failed.recv() => Err(problem),
            () = service::terminated() => {
                say("Stopping");
                Ok(())
            }
        };
        running.stop().await;
        result
    });
    // Do not wait for a reader of standard output that stalls.
    runtime.shutdown_background();
    result
}

/// Starts callees before callers, so that the first calls do not fail. Returns only on errors.
async fn start_and_watch(
    plan: &Plan,
    options: &Options,
    running: &mut Running,
    failures: &Failures,
) -> Result<(), String> {
    let usage_sink = topology::usage_sink(plan, options);
    let services = topology::services(plan, options);
    let [otlp, tempo] = topology::store_ports(options);
    let ports = topology::ports(usage_sink.iter().chain(&services));
    check_ports(ports.iter().chain([&otlp, &tempo])).await?;
    let bounds = Bounds {
        spans: options.max_spans,
        bytes: options.max_trace_mib << 20,
    };
    let store = match options.tail_sampling {
        true => Store::sampled(bounds, TailSampling::STACK),
        false => Store::bounded(bounds),
    };
    serve(listen(&otlp).await?, mini_tempo::receiver(store.clone()));
    serve(listen(&tempo).await?, mini_tempo::api(store.clone()));
    let flags = running.flags.insert(plan.flags(options)?);
    let decided = Decided::new(options, plan).with_flags(flags);
    let databases =
        Databases::provide(plan.stage, options, &decided, &mut running.postgres).await?;
    let start = |service: Service, lines: &Lines| {
        let mut role = service.role;
        role.database = databases.of(&role.name);
        role.decided = decided.clone();
        let name = role.name.clone();
        let child = Supervised::start(role, lines.clone(), failures.clone());
        child.map_err(|error| format!("{name} cannot be started: {error}"))
    };
    let lines = Lines::new(options)?;
    if let Some(usage_sink) = usage_sink {
        let port = usage_sink.port.clone();
        let usage_sink = running.usage_sink.insert(start(usage_sink, &lines)?);
        wait_until_ready(usage_sink, port.as_ref(), &databases).await?;
    }
    running.pipeline = pipeline(plan);
    let lines = lines.with_usage(usage(plan, running.pipeline.as_ref()));
    for service in services {
        let port = service.port.clone();
        running.services.push(start(service, &lines)?);
        let service = running.services.last().expect("just pushed");
        wait_until_ready(service, port.as_ref(), &databases).await?;
    }
    for note in plan.unused(options).iter().chain(&environment::left_out()) {
        say(note);
    }
    introduction::say(plan, options, &databases);
    summary::show(plan, &store, options.logs).await
}

/// Forwards usage lines to usage-sink, if they are routed there.
fn pipeline(plan: &Plan) -> Option<Pipeline> {
    let usage_sink = plan.url(Component::UsageSink)?;
    let endpoint =
        Url::parse(&format!("{usage_sink}/v1/logs")).expect("a URL built from a port is valid");
    let wanted = plan.log_routes != LogRoutes::Loki;
    wanted.then(|| Pipeline::start(Settings::new(endpoint)))
}

fn usage(plan: &Plan, pipeline: Option<&Pipeline>) -> Option<Usage> {
    Some(Usage {
        pipeline: pipeline?.handle(),
        everywhere: plan.log_routes == LogRoutes::UsageAndLoki,
    })
}

/// Serves a part of the stand-in for Tempo until this process ends.
fn serve(listener: TcpListener, app: Router) {
    let admission = Admission::new(&Registry::new(), Limits::default());
    let app = admission.guard(app);
    tokio::spawn(Server::new(app, admission).run(listener, pending()));
}

/// Waits until `service` serves, if it listens, and marks it as ready.
async fn wait_until_ready(
    service: &Supervised,
    port: Option<&Port>,
    databases: &Databases,
) -> Result<(), String> {
    let Some(Port { number, who, .. }) = port else {
        return Ok(());
    };
    let deadline = Instant::now() + START_BOUND;
    let own = reader(&url(*number));
    let mut serves = false;
    while Instant::now() < deadline {
        serves = own.get("/healthz", &[]).bytes().await.is_ok();
        if serves && (who != DIE_SERVICE || has_dice(&own).await) {
            service.is_ready();
            return Ok(());
        }
        sleep(Duration::from_millis(20)).await;
    }
    if serves && databases.dice.is_some() {
        return Err(format!(
            "die-service did not load its dice within {START_BOUND:?}: check --database-url; --logs shows its errors"
        ));
    }
    Err(format!(
        "{who} did not answer on port {number} within {START_BOUND:?}; --logs shows why"
    ))
}

/// Whether it has loaded its dice. With a database, it serves before that.
async fn has_dice(die_service: &Reader) -> bool {
    let metrics = Exposition::scrape(die_service).await;
    let dice = metrics.map(|metrics| metrics.sum("die_specifications_loaded", &[]));
    dice.is_ok_and(|dice| dice > Some(0.0))
}
