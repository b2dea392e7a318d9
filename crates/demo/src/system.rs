//! Starting and stopping everything, in order.

use std::net::Ipv4Addr;
use std::time::Duration;

use axum::Router;
use mini_tempo::Store;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use crate::child::{Lines, Supervised};
use crate::cli::{Options, STOP_BOUND};
use crate::summary;
use crate::topology::{self, Port, Service, url};

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
    let services = topology::services(options);
    check_ports(&topology::ports(&services)).await?;
    let store = Store::new(options.max_spans);
    let [otlp, tempo] = topology::store_ports(options);
    serve(listen(&otlp).await?, mini_tempo::receiver(store.clone()));
    serve(listen(&tempo).await?, mini_tempo::api(store.clone()));
    let lines = Lines::new(options)?;
    for Service { role, port } in services {
        let name = role.name.clone();
        let child = Supervised::start(role, lines.clone())
            .map_err(|error| format!("{name} cannot be started: {error}"))?;
        running.push(child);
        if let Some(port) = port {
            wait_until_ready(&name, port.number).await?;
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

/// Looks before anything starts: whatever is in the way is named in one line.
async fn check_ports(ports: &[Port]) -> Result<(), String> {
    for port in ports {
        listen(port).await?;
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

fn introduce(options: &Options) {
    let frontend = url(options.frontend_port);
    let roller = url(options.dice_roller_port);
    let tempo = url(options.tempo_port);
    let ktrdr = match options.ktrdr {
        true => format!(
            "  KTRDR's workers      curl {}/api/v1/workers\n\n",
            url(options.ktrdr_port)
        ),
        false => String::new(),
    };
    println!(
        "The dice are rolling.

  The page             {frontend}
  A roll               curl '{frontend}/roll?die=fair'
  Ten at once          curl '{frontend}/roll-async?die=fair&times=10'
  Its trace            curl {tempo}/api/traces/TRACE_ID
  Traces with errors   curl -G {tempo}/api/search --data-urlencode 'q={{ status = error }}'
  Metrics              curl {roller}/metrics
  Is all well?         cargo run --release -- doctor
  Log lines            start again with --logs

{ktrdr}Traces are kept in memory by a stand-in for Tempo. For Grafana: docker compose up
Ctrl-C stops everything.
"
    );
}
