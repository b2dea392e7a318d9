//! The command line that all services share: flags of the service, `--listen`, telemetry, and
//! `health`.

use std::ffi::OsString;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, CommandFactory, Parser, Subcommand};
use signals::Reader;
use telemetry::client::http_url;
use telemetry::environment::ignore_if_empty;
use telemetry::{Losses, Service, Settings};
use tokio::net::{TcpListener, TcpSocket};
use url::Url;

/// The maximum number of worker threads. On a machine with a hundred cores, a service that mostly
/// waits for others does not need a hundred threads, and they count towards a container's limit.
const MAX_THREADS: usize = 4;

/// Length of the accept queue; the system may impose a lower limit. If it is full, the client's
/// system retries after a second.
const BACKLOG: u32 = 4096;

/// Timeout of a health check.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// The description of a binary.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// Its name and version.
    pub service: Service,
    /// One line for `--help`.
    pub about: &'static str,
}

#[derive(Debug, Parser)]
#[command(
    after_help = "Every flag can be given as the variable shown beside it.\n\
    GET /healthz answers 200 while serving; GET /metrics is for Prometheus.\n\
    The OTLP exporter also reads OTEL_EXPORTER_OTLP_HEADERS."
)]
struct Cli<C: Args> {
    #[command(subcommand)]
    command: Option<Command>,

    // Before the others, some of which have a heading.
    /// Address and port to listen on; port 0 selects a free one
    #[arg(
        long,
        env = "LISTEN_ADDR",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8000"
    )]
    listen: SocketAddr,

    #[command(flatten)]
    config: C,

    /// File of flags that switch simulated faults, watched for changes; without it, every fault is off
    #[arg(long, env = "FAULTS_FILE", value_name = "FILE", hide_short_help = true)]
    faults_file: Option<PathBuf>,

    #[command(flatten)]
    telemetry: Settings,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check whether a running service serves: exit code 0 or 1, for container health checks
    Health {
        /// URL to check [default: /healthz at the address of --listen]
        #[arg(long, value_parser = http_url)]
        url: Option<Url>,
    },
}

/// The whole `main` of a service: parses the process's arguments and runs until the stop signal.
///
/// `run` receives the service's own flags, a bound listener and the losses that its registry
/// exposes, and must return once [`terminated`](crate::terminated) is ready. Telemetry is flushed
/// after it, however it returns.
pub fn main<C: Args, R>(program: Program, run: impl FnOnce(C, TcpListener, Losses) -> R) -> ExitCode
where
    R: Future<Output = io::Result<()>>,
{
    main_from(program, std::env::args_os(), run)
}

/// [`main`] with given arguments, the first being the program's name.
pub fn main_from<C: Args, R>(
    program: Program,
    arguments: impl IntoIterator<Item = OsString>,
    run: impl FnOnce(C, TcpListener, Losses) -> R,
) -> ExitCode
where
    R: Future<Output = io::Result<()>>,
{
    let cli = match parse::<C>(program, arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // --help goes to standard output with exit code 0, errors to standard error with 2.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let result = match cli.command {
        Some(Command::Health { url }) => health(url.unwrap_or_else(|| health_url(cli.listen))),
        None => start(program.service, cli, run),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{}: {problem}", program.service.name);
            ExitCode::FAILURE
        }
    }
}

fn parse<C: Args>(
    program: Program,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Cli<C>, clap::Error> {
    let command = Cli::<C>::command()
        .name(program.service.name)
        .version(program.service.version)
        .about(program.about)
        // Otherwise clap uses the text of a flattened struct of flags.
        .long_about(None)
        .mut_args(ignore_if_empty);
    telemetry::parse(command, arguments)
}

/// Sets up telemetry, listens, serves and flushes, in this order; the last on every path.
fn start<C: Args, R>(
    service: Service,
    cli: Cli<C>,
    run: impl FnOnce(C, TcpListener, Losses) -> R,
) -> Result<(), String>
where
    R: Future<Output = io::Result<()>>,
{
    let telemetry = telemetry::init(service, &cli.telemetry).map_err(|error| error.to_string())?;
    let losses = telemetry.losses().clone();
    let watched = cli.faults_file.map_or(Ok(()), |file| watch(service, file));
    let served = watched.and_then(|()| runtime()).and_then(|runtime| {
        let served = runtime.block_on(async {
            let listener = listen(cli.listen).await?;
            let served = run(cli.config, listener, losses).await;
            served.map_err(|error| error.to_string())
        });
        // Do not wait for tasks that outlived the server: a DNS look-up may take long.
        runtime.shutdown_background();
        served
    });
    telemetry.shutdown();
    served
}

/// Watches the file of flags. Only an error is logged: what a fault does must be found by its signal.
fn watch(service: Service, file: PathBuf) -> Result<(), String> {
    let shown = file.display().to_string();
    let watching = faults::watch(file, service.name, move |error| {
        tracing::error!(
            file = shown,
            %error,
            "The file of flags cannot be used; nothing changes"
        );
    });
    watching.map_err(|error| format!("cannot start the thread that watches the flags: {error}"))
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads.min(MAX_THREADS))
        .enable_all()
        .build();
    runtime.map_err(|error| format!("cannot start the async runtime: {error}"))
}

async fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    let listener = async {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listener.await.map_err(|error: io::Error| {
        format!("cannot listen on {address}: {error}; choose another address with --listen or LISTEN_ADDR")
    })
}

/// A service that listens on all addresses is checked on the loopback interface.
fn health_url(listen: SocketAddr) -> Url {
    let ip = match listen.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let address = SocketAddr::new(ip, listen.port());
    Url::parse(&format!("http://{address}/healthz")).expect("a URL built from an address is valid")
}

fn health(url: Url) -> Result<(), String> {
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let pairs = query
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let pairs: Vec<(&str, &str)> = pairs.collect();
    let ask = Reader::new(url, HEALTH_TIMEOUT).get("", &pairs);
    let answer = runtime()?.block_on(ask.bytes());
    answer.map(drop).map_err(|error| error.to_string())
}
