//! The demo as a child process on ports that were free a moment ago.

use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use testkit::eventually;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::support::PROGRAM;

/// The demo on ports that were free a moment ago.
pub(crate) struct Demo {
    pub(crate) child: Child,
    pub(crate) ports: [u16; 5],
}

pub(crate) const FLAGS: [&str; 5] = [
    "--die-service-port",
    "--dice-roller-port",
    "--frontend-port",
    "--otlp-port",
    "--tempo-port",
];

impl Demo {
    pub(crate) async fn start(own: &[&str]) -> Self {
        let ports = free_ports().await;
        let child = command(&ports).args(own).spawn().expect("it starts");
        let demo = Self { child, ports };
        eventually("the page", || async {
            reqwest::get(demo.url(2, "/healthz")).await.ok()
        })
        .await;
        demo
    }

    /// The URL of `path` at the port of that flag.
    pub(crate) fn url(&self, flag: usize, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.ports[flag])
    }

    /// The flags that tell a program where the three services are.
    pub(crate) fn urls(&self) -> Vec<String> {
        let flags = ["--die-service-url", "--dice-roller-url", "--frontend-url"];
        let flags = flags.iter().enumerate();
        flags
            .map(|(i, flag)| format!("{flag}={}", self.url(i, "")))
            .collect()
    }

    /// Kills the service behind that flag, as a crash would.
    pub(crate) fn kill_service(&self, flag: usize) {
        let pid = listener_pid(self.ports[flag]).expect("somebody listens");
        kill(Pid::from_raw(pid), Signal::SIGKILL).expect("our own grandchild");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id().expect("running")).expect("small");
        kill(Pid::from_raw(pid), signal).expect("our own child");
    }

    pub(crate) async fn stop(self, signal: Signal) -> (Output, Duration) {
        self.signal(signal);
        let start = Instant::now();
        let output = self.child.wait_with_output().await.expect("our own child");
        (output, start.elapsed())
    }
}

pub(crate) fn command(ports: &[u16; 5]) -> Command {
    let mut command = Command::new(PROGRAM);
    for (flag, port) in FLAGS.iter().zip(ports) {
        command.arg(format!("{flag}={port}"));
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

pub(crate) async fn free_ports() -> [u16; 5] {
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(TcpListener::bind("127.0.0.1:0").await.expect("a free port"));
    }
    let port = |i: usize| held[i].local_addr().expect("bound").port();
    [port(0), port(1), port(2), port(3), port(4)]
}

pub(crate) async fn nobody_listens(ports: &[u16]) {
    for port in ports {
        eventually(&format!("port {port} to be free"), || async {
            TcpListener::bind(("127.0.0.1", *port)).await.ok()
        })
        .await;
    }
}

/// The process that listens on `port`, from `/proc`.
fn listener_pid(port: u16) -> Option<i32> {
    let hex = format!(":{port:04X} ");
    let tcp = std::fs::read_to_string("/proc/net/tcp").ok()?;
    let listening = tcp
        .lines()
        .find(|line| line.contains(&hex) && line.contains(" 0A "))?;
    let socket = format!("socket:[{}]", listening.split_whitespace().nth(9)?);
    std::fs::read_dir("/proc")
        .ok()?
        .flatten()
        .find_map(|process| {
            let pid: i32 = process.file_name().to_str()?.parse().ok()?;
            let mut files = std::fs::read_dir(process.path().join("fd")).ok()?.flatten();
            let owns = files.any(|file| {
                std::fs::read_link(file.path()).is_ok_and(|link| link.to_string_lossy() == socket)
            });
            owns.then_some(pid)
        })
}
