//! Starting and stopping everything, in order.

use std::io::Write;
use std::net::Ipv4Addr;
use std::time::Duration;

use axum::Router;
use mini_tempo::Store;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep, timeout};

use crate::child::{Lines, Supervised};
use crate::cli::{Options, STOP_BOUND};
use crate::topology::{self, Port, Service, url};
use crate::{local, summary};

/// How long a service may take until it serves.
const START_BOUND: Duration = Duration::from_secs(10);

/// What callers have, all together, to end before their callees are told to.
const HEAD_START: Duration = Duration::from_millis(600);

/// Runs everything until Ctrl-C or SIGTERM.
///
/// # Errors
/// In words for the person at the terminal; nothing is left running.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| format!("no threads to run on: {error}"))?;
    let result = runtime.block_on(async {
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
    });
    // A reader of standard output that stalls is not waited for.
    runtime.shutdown_background();
    result
}

/// Starts callees before callers, so that nobody's first call fails. Ends only with an error.
async fn start_and_watch(options: &Options, running: &mut Vec<Supervised>) -> Result<(), String> {
    let services = topology::services(options);
    let [otlp, tempo] = topology::store_ports(options);
    let ports = topology::ports(&services);
    check_ports(ports.iter().chain([&otlp, &tempo])).await?;
    let store = Store::new(options.max_spans);
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

/// Stops callers a little before callees, so that requests in flight can end, and everything by
/// the same deadline.
async fn stop(running: Vec<Supervised>) {
    let deadline = Instant::now() + STOP_BOUND;
    let head_start = HEAD_START / u32::try_from(running.len().max(1)).unwrap_or(u32::MAX);
    let mut stopping = Vec::new();
    for child in running.into_iter().rev() {
        let mut stopped = tokio::spawn(child.stop(deadline));
        if timeout(head_start, &mut stopped).await.is_err() {
            stopping.push(stopped);
        }
    }
    for stopped in stopping {
        let _ = stopped.await;
    }
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

fn serve(listener: TcpListener, app: Router) {
    tokio::spawn(axum::serve(listener, app).into_future());
}

async fn wait_until_ready(name: &str, port: u16) -> Result<(), String> {
    let deadline = Instant::now() + START_BOUND;
    let (client, health) = (local::client(), format!("{}/healthz", url(port)));
    while Instant::now() < deadline {
        if local::get(&client, &health).await.is_some() {
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
    let text = format!(
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
    // Whoever reads this may have gone, as in `| head`.
    let _ = std::io::stdout().write_all(text.as_bytes());
}
