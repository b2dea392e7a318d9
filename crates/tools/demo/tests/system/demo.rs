//! The demo as a child process on ports that were free a moment ago.

use std::collections::BTreeSet;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signals::Reader;
use signals::tempo::{Span, Tempo};
use testkit::{DEADLINE, eventually};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::processes::listener;
use crate::support::PROGRAM;

/// The demo on ports that were free a moment ago.
pub(crate) struct Demo {
    pub(crate) child: Child,
    pub(crate) ports: [u16; 7],
}

pub(crate) const FLAGS: [&str; 7] = [
    "--die-service-port",
    "--dice-roller-port",
    "--frontend-port",
    "--otlp-port",
    "--tempo-port",
    "--usage-sink-port",
    "--prober-port",
];

impl Demo {
    pub(crate) async fn start(own: &[&str]) -> Self {
        let mut demo = Self::spawn(own);
        let page = demo.url(2, "/healthz");
        tokio::select! {
            _ = eventually("the page", || async { testkit::fetch(&page).await.ok() }) => demo,
            _ = demo.child.wait() => {
                let output = demo.child.wait_with_output().await.expect("our own child");
                panic!("the demo ended at its start: {output:?}");
            }
        }
    }

    /// Does not wait for the demo to start.
    pub(crate) fn spawn(own: &[&str]) -> Self {
        let ports = free_ports();
        let child = command(&ports).args(own).spawn().expect("it starts");
        Self { child, ports }
    }

    /// The text that it prints once everything runs.
    pub(crate) async fn introduction(&mut self) -> String {
        let mut said = Vec::new();
        let stdout = self.child.stdout.take().expect("piped, and taken once");
        let mut lines = BufReader::new(stdout).lines();
        let all = async {
            while let Ok(Some(line)) = lines.next_line().await {
                said.push(line);
                if said
                    .last()
                    .is_some_and(|line| line.starts_with("Ctrl-C stops"))
                {
                    break;
                }
            }
        };
        timeout(DEADLINE, all)
            .await
            .expect("it prints everything in time");
        said.join("\n")
    }

    /// Waits for a live line for which `is_it` is true.
    pub(crate) async fn live_line(&mut self, is_it: impl Fn(&str) -> bool) {
        let stderr = self.child.stderr.as_mut().expect("piped");
        let mut lines = BufReader::new(stderr).lines();
        let mut last = String::new();
        let search = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.contains("rolls/s") && is_it(&line) {
                    return true;
                }
                last = line;
            }
            false
        };
        let found = timeout(DEADLINE, search).await;
        assert_eq!(found, Ok(true), "the last line was {last:?}");
    }

    /// The URL of `path` at the port of that flag.
    pub(crate) fn url(&self, flag: usize, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.ports[flag])
    }

    /// The trace with that id, once it has spans for which `is_it` is true.
    pub(crate) async fn trace(
        &self,
        id: &str,
        what: &str,
        is_it: impl Fn(&[Span]) -> bool,
    ) -> Vec<Span> {
        let base = self.url(4, "").parse().expect("a URL");
        let tempo = Tempo::new(Reader::new(base, DEADLINE));
        eventually(what, || async {
            let trace = tempo.trace(id).await.ok()??;
            is_it(&trace.spans).then_some(trace.spans)
        })
        .await
    }

    /// The flags that pass the URLs of the three services to a program.
    pub(crate) fn urls(&self) -> Vec<String> {
        let flags = ["--die-service-url", "--dice-roller-url", "--frontend-url"];
        let flags = flags.iter().enumerate();
        flags
            .map(|(i, flag)| format!("{flag}={}", self.url(i, "")))
            .collect()
    }

    /// Kills the service behind that flag, as a crash would.
    pub(crate) fn kill_service(&self, flag: usize) {
        let pid = listener(self.ports[flag]).expect("a service listens");
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

pub(crate) fn command(ports: &[u16; 7]) -> Command {
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

pub(crate) fn free_ports() -> [u16; 7] {
    FLAGS.map(|_| testkit::free_port().expect("a free port"))
}

/// Waits until all of `ports` refuse connections.
pub(crate) async fn wait_until_free(ports: &[u16]) {
    for port in ports {
        eventually(&format!("port {port} to be free"), || async {
            TcpStream::connect(("127.0.0.1", *port)).await.err()
        })
        .await;
    }
}

/// The services in whose traces spans are expected.
pub(crate) fn services_of(spans: &[Span]) -> BTreeSet<String> {
    spans.iter().map(|span| span.service.to_string()).collect()
}
