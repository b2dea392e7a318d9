//! The child that keeps a PostgreSQL server: it starts the server, restarts it if it ends, and
//! removes it with all its data when it is stopped or when the demo is gone.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::time::Duration;

use local_postgres::{Error, LocalPostgres};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{getpgrp, getpid};
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;
use url::Url;

/// The name under which the demo starts it.
pub(crate) const NAME: &str = "local-postgres";

/// The interval between two checks of the server.
const INTERVAL: Duration = Duration::from_millis(500);

/// The delay before a restart of the server: long enough to observe how its clients react.
const RESTART_DELAY: Duration = Duration::from_secs(3);

/// The whole program. After its name, `arguments` are the directory of the server, and roles and
/// the databases that they own: `die_service=dice`. It prints the URL of each database on a line
/// once it can be used. If the directory exists, its keeper was killed, and its server is taken
/// over.
pub(crate) fn main(arguments: &[OsString], stopped: impl Future<Output = ()>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = runtime
        .map_err(Error::from)
        .and_then(|runtime| runtime.block_on(run(arguments, stopped)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[OsString], stopped: impl Future<Output = ()>) -> Result<(), Error> {
    let mut stop = Stop {
        word: Box::pin(stopped),
        came: false,
    };
    let started = stop.or_interrupt(start(arguments)).await;
    if stop.came {
        // The demo does not need the result any more: the server is removed.
        return Ok(());
    }
    let (server, urls) = started?;
    // Fails if the demo is gone, which is noticed elsewhere.
    let _ = writeln!(io::stdout(), "{}", urls.join("\n"));
    keep(&server, &mut stop).await;
    Ok(())
}

async fn start(arguments: &[OsString]) -> Result<(LocalPostgres, Vec<String>), Error> {
    let [directory, tenants @ ..] = arguments else {
        return Err(io::Error::other("missing argument: the directory of the server").into());
    };
    let directory = Path::new(directory);
    if directory.exists() {
        return Ok((LocalPostgres::take_over(directory)?, Vec::new()));
    }
    let server = LocalPostgres::start_in(directory).await?;
    let mut urls = Vec::new();
    for tenant in tenants {
        let tenant = tenant.to_string_lossy();
        let (role, database) = tenant.split_once('=').unwrap_or((&tenant, &tenant));
        for sql in [
            format!("CREATE ROLE {role} LOGIN"),
            format!("CREATE DATABASE {database} OWNER {role}"),
        ] {
            server.execute("postgres", &sql).await?;
        }
        urls.push(server.url(role, database));
    }
    Ok((server, urls))
}

/// Watches the server until the stop signal.
async fn keep<W: Future<Output = ()>>(server: &LocalPostgres, stop: &mut Stop<W>) {
    while !stop.comes_within(INTERVAL).await {
        if answers(server).await {
            continue;
        }
        tell(&format!(
            "PostgreSQL ended; restarting in {RESTART_DELAY:?}"
        ));
        if stop.comes_within(RESTART_DELAY).await {
            return;
        }
        let started = stop.or_interrupt(server.start_again()).await;
        if let (Err(error), false) = (started, stop.came) {
            tell(&format!("PostgreSQL cannot be restarted: {error}"));
        }
    }
}

/// Prints `text` for the demo, which may be gone.
fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

async fn answers(server: &LocalPostgres) -> bool {
    let url = Url::parse(&server.url("postgres", "postgres")).expect("a URL");
    let address = url.socket_addrs(|| None).expect("an address and a port");
    TcpStream::connect(&address[..]).await.is_ok()
}

/// The stop signal, which arrives once.
struct Stop<W> {
    word: Pin<Box<W>>,
    came: bool,
}

impl<W: Future<Output = ()>> Stop<W> {
    /// Waits up to `time` for the signal, and returns whether it has arrived.
    async fn comes_within(&mut self, time: Duration) -> bool {
        if !self.came {
            self.came = timeout(time, &mut self.word).await.is_ok();
        }
        self.came
    }

    /// The result of `work`. If the stop signal arrives first, the running programs are
    /// interrupted; the result then follows soon and is most likely an error.
    async fn or_interrupt<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if !self.came {
            tokio::select! {
                result = &mut work => return result,
                () = &mut self.word => self.came = true,
            }
            interrupt();
        }
        work.await
    }
}

/// Interrupts the running programs of PostgreSQL. They roll back and clean up, which they would not
/// do if they were killed.
fn interrupt() {
    // They are in the process group of this one; any other group would contain unrelated programs.
    if getpgrp() != getpid() {
        return;
    }
    // From now on the signal has no effect on this process, even if no task awaits it.
    if signal(SignalKind::interrupt()).is_ok() {
        let _ = killpg(getpgrp(), Signal::SIGINT);
    }
}
