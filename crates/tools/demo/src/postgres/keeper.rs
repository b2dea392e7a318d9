//! The child that keeps a PostgreSQL: it starts one, starts it again when it ends, and removes it
//! with all its data when it is told to stop, or when nobody is left to tell it.

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

/// How the demo calls it.
pub(crate) const NAME: &str = "local-postgres";

/// Between two looks at whether the server is there.
const INTERVAL: Duration = Duration::from_millis(500);

/// How long a server stays away that ended: long enough to see what its clients do.
const RESTART_DELAY: Duration = Duration::from_secs(3);

/// The whole program. After its name, `arguments` are the directory of the server, and roles and the
/// databases that they own: `die_service=dice`. It writes the URL of each, on a line, when it can be
/// used. A directory that is there is that of a server whose keeper was killed: it is taken over.
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
        // Whatever became of it: it goes, and nobody is interested any more.
        return Ok(());
    }
    let (server, urls) = started?;
    // Fails when the demo is gone, which shows in another way.
    let _ = writeln!(io::stdout(), "{}", urls.join("\n"));
    keep(&server, &mut stop).await;
    Ok(())
}

async fn start(arguments: &[OsString]) -> Result<(LocalPostgres, Vec<String>), Error> {
    let [directory, tenants @ ..] = arguments else {
        return Err(io::Error::other("a directory is missing").into());
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

/// Looks after it until told to stop.
async fn keep<W: Future<Output = ()>>(server: &LocalPostgres, stop: &mut Stop<W>) {
    while !stop.comes_within(INTERVAL).await {
        if answers(server).await {
            continue;
        }
        tell(&format!(
            "PostgreSQL ended; it starts again in {RESTART_DELAY:?}"
        ));
        if stop.comes_within(RESTART_DELAY).await {
            return;
        }
        let started = stop.or_interrupt(server.start_again()).await;
        if let (Err(error), false) = (started, stop.came) {
            tell(&format!("PostgreSQL does not start again: {error}"));
        }
    }
}

/// Says it to the demo, which may be gone.
fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

async fn answers(server: &LocalPostgres) -> bool {
    let url = Url::parse(&server.url("postgres", "postgres")).expect("a URL");
    let address = url.socket_addrs(|| None).expect("an address and a port");
    TcpStream::connect(&address[..]).await.is_ok()
}

/// The word to stop, which comes once.
struct Stop<W> {
    word: Pin<Box<W>>,
    came: bool,
}

impl<W: Future<Output = ()>> Stop<W> {
    /// Waits for the word as long as `time`; whether it came, now or before.
    async fn comes_within(&mut self, time: Duration) -> bool {
        if !self.came {
            self.came = timeout(time, &mut self.word).await.is_ok();
        }
        self.came
    }

    /// The result of `work`. If the word comes before, the programs at work are interrupted, and the
    /// result is soon there and most likely an error.
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

/// Interrupts PostgreSQL's programs that are at work. They stop what they have begun and clear up,
/// which they do not when they are killed.
fn interrupt() {
    // They are in the process group of this one; in another there would be others, too.
    if getpgrp() != getpid() {
        return;
    }
    // From now on the signal does nothing to this process, also when nobody waits for it.
    if signal(SignalKind::interrupt()).is_ok() {
        let _ = killpg(getpgrp(), Signal::SIGINT);
    }
}
