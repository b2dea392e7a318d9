//! The life of one server.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Error;
use crate::programs::Programs;

/// Settings for a test or a demo: small and fast, without protection against a crash of the
/// machine.
const SETTINGS: [&str; 6] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=64",
    "shared_buffers=16MB",
    "fsync=off",
    "full_page_writes=off",
];

/// Timeout in seconds to start or stop on a busy machine.
const BOUND: &str = "60";

/// How long a killed server and all its processes may take to end.
const KILLED: Duration = Duration::from_secs(10);

/// The file with the server's port, beside its data.
const PORT_FILE: &str = "port";

/// PostgreSQL's messages while processes of a killed server are still running.
const LEFTOVERS: [&str; 2] = ["still in use", "already exists"];

/// A server and its data. Dropping it stops the server and removes the data.
#[derive(Debug)]
pub struct LocalPostgres {
    programs: Programs,
    directory: PathBuf,
    port: u16,
}

/// An unused path for a server's directory, in the directory for temporary files.
#[must_use]
pub fn unused_directory() -> PathBuf {
    let name = |number: u64| format!("dice-postgres-{}-{number}", std::process::id());
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanos = u64::try_from(since_1970.unwrap_or_default().as_nanos()).unwrap_or_default();
    std::env::temp_dir().join(name(nanos))
}

/// Stops the server in `directory`, if one is running, and removes it with all its data. For
/// servers whose owner was killed.
///
/// # Errors
/// If PostgreSQL's programs or the permission to remove the directory are missing.
pub fn remove(directory: &Path) -> Result<(), Error> {
    let programs = Programs::find().ok_or(Error::NotThere)?;
    drop(LocalPostgres {
        programs,
        directory: directory.to_owned(),
        port: 0,
    });
    match directory.exists() {
        true => Err(std::io::Error::other(format!("cannot remove {}", directory.display())).into()),
        false => Ok(()),
    }
}

impl LocalPostgres {
    /// Whether the programs are installed.
    #[must_use]
    pub fn is_there() -> bool {
        Programs::find().is_some()
    }

    /// Creates an empty database server and starts it, which takes one to three seconds.
    ///
    /// # Errors
    /// [`Error`]; all files have been removed then.
    pub async fn start() -> Result<Self, Error> {
        Self::start_in(&unused_directory()).await
    }

    /// Like [`start`](Self::start), in `directory`, which is created.
    ///
    /// # Errors
    /// [`Error`], also if the directory exists; all created files have been removed then.
    pub async fn start_in(directory: &Path) -> Result<Self, Error> {
        let programs = Programs::find().ok_or(Error::NotThere)?;
        std::fs::DirBuilder::new().mode(0o700).create(directory)?;
        let server = Self {
            programs,
            directory: directory.to_owned(),
            port: free_port::free_port()?,
        };
        server.programs.give(&server.directory)?;
        let data = server.data();
        let data = data.to_string_lossy();
        let flags = ["--no-sync", "--auth=trust", "--username=postgres"];
        let locale = ["--encoding=UTF8", "--locale=C", "--pgdata", &data];
        server
            .run("initdb", &[&flags[..], &locale].concat())
            .await?;
        server.start_again().await?;
        std::fs::write(server.port_file(), server.port.to_string())?;
        Ok(server)
    }

    /// Takes over the server that [`start_in`](Self::start_in) created in `directory`, after the
    /// process that created it was killed. The server may have ended in the meantime.
    ///
    /// # Errors
    /// If there is no server, or it never ran.
    pub fn take_over(directory: &Path) -> Result<Self, Error> {
        let programs = Programs::find().ok_or(Error::NotThere)?;
        let port = std::fs::read_to_string(directory.join(PORT_FILE))?;
        let not_a_number = |_| std::io::Error::other("its port is not a number");
        Ok(Self {
            programs,
            directory: directory.to_owned(),
            port: port.trim().parse().map_err(not_a_number)?,
        })
    }

    /// The URL for this role, which must exist and needs no password. The role `postgres` is the
    /// superuser, and a database with that name exists.
    #[must_use]
    pub fn url(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs `sql` as `postgres` and returns the result: a line for each row, with `|` between
    /// columns.
    ///
    /// # Errors
    /// [`Error::Failed`] with PostgreSQL's message.
    pub async fn execute(&self, database: &str, sql: &str) -> Result<String, Error> {
        let url = self.url("postgres", database);
        let quiet = ["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"];
        let what = ["--set=ON_ERROR_STOP=1", "--command", sql, &url];
        let output = self.run("psql", &[&quiet[..], &what].concat()).await?;
        Ok(output.trim_end().to_owned())
    }

    /// Stops the server as an administrator would: open transactions are rolled back, the data
    /// stays.
    ///
    /// # Errors
    /// If the server is not running.
    pub async fn stop(&self) -> Result<(), Error> {
        let data = self.data();
        let data = data.to_string_lossy();
        let stop = [
            "stop",
            "--wait",
            "--mode=fast",
            "--timeout",
            BOUND,
            "--pgdata",
            &data,
        ];
        self.run("pg_ctl", &stop).await.map(drop)
    }

    /// Starts the server after [`stop`](Self::stop) or [`kill`](Self::kill), on the same port.
    ///
    /// # Errors
    /// If the server is already running, or cannot be started.
    pub async fn start_again(&self) -> Result<(), Error> {
        let deadline = Instant::now() + KILLED;
        loop {
            match self.start_once().await {
                // Processes of a killed server take a moment to notice its end.
                Err(Error::Failed { output, .. })
                    if LEFTOVERS.iter().any(|words| output.contains(words))
                        && Instant::now() < deadline =>
                {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                done => return done,
            }
        }
    }

    async fn start_once(&self) -> Result<(), Error> {
        // pg_ctl only names the log and appends to it.
        let _ = std::fs::remove_file(self.log());
        let settings = SETTINGS.map(|setting| format!("-c {setting}")).join(" ");
        let options = format!("{settings} -p {}", self.port);
        let (data, log) = (self.data(), self.log());
        let (data, log) = (data.to_string_lossy(), log.to_string_lossy());
        let start = ["start", "--wait", "--timeout", BOUND, "--pgdata", &data];
        let how = ["--log", &log, "--options", &options];
        let started = self.run("pg_ctl", &[&start[..], &how].concat()).await;
        started.map(drop).map_err(|error| match error {
            Error::Failed { program, .. } => Error::Failed {
                program,
                output: std::fs::read_to_string(self.log()).unwrap_or_default(),
            },
            other => other,
        })
    }

    /// Kills the server with signal 9, as a crash would, and returns once its port is closed.
    ///
    /// # Errors
    /// If the server is not running, or does not end.
    pub async fn kill(&self) -> Result<(), Error> {
        self.signal(Signal::SIGKILL)?;
        let address = ("127.0.0.1", self.port);
        let gone = async {
            while tokio::net::TcpStream::connect(address).await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        let timeout = tokio::time::timeout(KILLED, gone).await;
        timeout.map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut).into())
    }

    /// Sends the server a signal: `SIGSTOP` and `SIGCONT` simulate a server that hangs.
    ///
    /// # Errors
    /// If the server is not running.
    pub fn signal(&self, signal: Signal) -> Result<(), Error> {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid"))?;
        let pid = file.lines().next().and_then(|line| line.parse().ok());
        let pid = pid.ok_or_else(|| std::io::Error::other("postmaster.pid holds no number"))?;
        kill(Pid::from_raw(pid), signal).map_err(|error| std::io::Error::from(error).into())
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    fn port_file(&self) -> PathBuf {
        self.directory.join(PORT_FILE)
    }

    async fn run(&self, program: &'static str, arguments: &[&str]) -> Result<String, Error> {
        let mut command = self.programs.command(program, &self.directory);
        command.args(arguments);
        let output = tokio::process::Command::from(command).output().await?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let output = [output.stdout, output.stderr].concat();
        Err(Error::Failed {
            program,
            output: String::from_utf8_lossy(&output).trim().to_owned(),
        })
    }
}

impl Drop for LocalPostgres {
    /// Stops the server immediately, because the data is removed too.
    fn drop(&mut self) {
        let mut command = self.programs.command("pg_ctl", &self.directory);
        command.args(["stop", "--wait", "--mode=immediate", "--pgdata"]);
        // This fails if the server was stopped before.
        let _ = command.arg(self.data()).output();
        let deadline = Instant::now() + KILLED;
        // A process of the killed server may still write for a moment.
        while std::fs::remove_dir_all(&self.directory).is_err()
            && self.directory.exists()
            && Instant::now() < deadline
        {
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }
}
