//! What runs, in which order it starts, and how it stops.

use std::net::Ipv4Addr;
use std::time::Duration;

use axum::Router;
use mini_tempo::Store;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use crate::child::{Lines, Role, Supervised};
use crate::cli::{Options, STOP_BOUND};
use crate::summary;

/// How long a service may take until it serves.
const START_BOUND: Duration = Duration::from_secs(10);

/// Runs everything until Ctrl-C or SIGTERM.
///
/// # Errors
/// In words for the person at the terminal; nothing is left running.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| format!("no threads to run on: {error}"))?;
    runtime.block_on(async {
        let mut running = Vec::new();
        let result = tokio::select! {
            result = start_and_watch(options, &mut running) => result,
            () = service::terminated() => {
                eprintln!("\nStopping");
                Ok(())
            }
        };
        stop(running).await;
        result
    })
}

/// Starts callees before callers, so that nobody's first call fails. Ends only with an error.
async fn start_and_watch(options: &Options, running: &mut Vec<Supervised>) -> Result<(), String> {
    check_ports(options).await?;
    let store = Store::new(options.max_spans);
    let receiver = mini_tempo::receiver(store.clone());
    serve(
        listen(options.otlp_port, "the trace receiver", "--otlp-port").await?,
        receiver,
    );
    let api = mini_tempo::api(store.clone());
    serve(
        listen(options.tempo_port, "the trace store", "--tempo-port").await?,
        api,
    );
    let lines = Lines::new(options)?;
    for (role, port) in roles(options) {
        let name = role.name;
        let child = Supervised::start(role, lines.clone())
            .map_err(|error| format!("{name} cannot be started: {error}"))?;
        running.push(child);
        if let Some(port) = port {
            wait_until_ready(name, port).await?;
        }
    }
    introduce(options);
    summary::show(
        &url(options.frontend_port),
        &url(options.dice_roller_port),
        &store,
    )
    .await
}

/// Stops callers before callees, so that requests in flight can end.
async fn stop(running: Vec<Supervised>) {
    let deadline = Instant::now() + STOP_BOUND;
    for child in running.into_iter().rev() {
        child.stop(deadline).await;
    }
}

/// The services in the order in which they start, with the ports they listen on.
fn roles(options: &Options) -> Vec<(Role, Option<u16>)> {
    let role = |name, port: u16, own: &[&str]| {
        let mut arguments = vec![format!("--listen=127.0.0.1:{port}")];
        arguments.push(format!("--otlp-endpoint={}", url(options.otlp_port)));
        arguments.extend(own.iter().map(|argument| (*argument).to_owned()));
        (Role { name, arguments }, Some(port))
    };
    let die_service = format!("--die-service-url={}", url(options.die_service_port));
    let dice_roller = format!("--dice-roller-url={}", url(options.dice_roller_port));
    vec![
        role("die-service", options.die_service_port, &[]),
        role("dice-roller", options.dice_roller_port, &[&die_service]),
        role(
            "frontend",
            options.frontend_port,
            &[&die_service, &dice_roller],
        ),
    ]
}

/// Looks before anything starts: whatever is in the way is named in one line.
async fn check_ports(options: &Options) -> Result<(), String> {
    for (port, who, flag) in [
        (
            options.die_service_port,
            "die-service",
            "--die-service-port",
        ),
        (
            options.dice_roller_port,
            "dice-roller",
            "--dice-roller-port",
        ),
        (options.frontend_port, "the frontend", "--frontend-port"),
    ] {
        listen(port, who, flag).await?;
    }
    Ok(())
}

async fn listen(port: u16, who: &str, flag: &str) -> Result<TcpListener, String> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| {
            format!(
                "port {port}, which {who} needs, is not free ({error}); choose another with {flag}"
            )
        })
}

fn serve(listener: TcpListener, app: Router) {
    tokio::spawn(axum::serve(listener, app).into_future());
}

async fn wait_until_ready(name: &str, port: u16) -> Result<(), String> {
    let deadline = Instant::now() + START_BOUND;
    let health = format!("{}/healthz", url(port));
    while Instant::now() < deadline {
        if reqwest::get(&health)
            .await
            .is_ok_and(|answer| answer.status().is_success())
        {
            return Ok(());
        }
        sleep(Duration::from_millis(20)).await;
    }
    Err(format!(
        "{name} does not answer on port {port} within {START_BOUND:?}; --logs shows why"
    ))
}

fn url(port: u16) -> String {
    format!("http://localhost:{port}")
}

fn introduce(options: &Options) {
    let frontend = url(options.frontend_port);
    let roller = url(options.dice_roller_port);
    let tempo = url(options.tempo_port);
    println!(
        "The dice are rolling.

  The page             {frontend}
  A roll               curl '{frontend}/roll?die=fair'
  Ten at once          curl '{frontend}/roll-async?die=fair&times=10'
  Its trace            curl {tempo}/api/traces/TRACE_ID
  Traces with errors   curl -G {tempo}/api/search --data-urlencode 'q={{ status = error }}'
  Metrics              curl {roller}/metrics
  Log lines            start again with --logs

Traces are kept in memory by a stand-in for Tempo. For Grafana: docker compose up
Ctrl-C stops everything.
"
    );
}
