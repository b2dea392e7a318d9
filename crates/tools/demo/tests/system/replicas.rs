//! Several replicas of a service behind one name, as on Kubernetes: a proxy that hands each new
//! connection to the next one. Their counters add up, a rolling restart loses nothing that was
//! finished, and a replica that is killed costs answers that name it.

use std::collections::BTreeSet;

use serde_json::Value;
use testkit::{Process, eventually};
use tokio::process::Command;

use crate::load::{Answers, Load};
use crate::proxy::Proxy;
use crate::support::{PROGRAM, collector, service};
use mini_tempo::Store;

/// A busy machine must not make an answer late.
const PATIENT: &str = "60s";

/// Spans of a roll: two in the frontend, four in dice-roller, one in die-service.
const SPANS: usize = 7;

/// A service with replicas.
struct Replicated {
    name: &'static str,
    otlp: String,
    flags: Vec<String>,
    proxy: Proxy,
    running: Vec<Process>,
    /// Lines of the replicas that have ended.
    lines: Vec<Value>,
}

impl Replicated {
    /// Starts two replicas.
    async fn start(name: &'static str, otlp: &str, flags: &[String]) -> Self {
        let mut it = Self {
            name,
            otlp: otlp.to_owned(),
            flags: flags.to_vec(),
            proxy: Proxy::start().await,
            running: Vec::new(),
            lines: Vec::new(),
        };
        it.add().await;
        it.add().await;
        it
    }

    /// Starts one more.
    async fn add(&mut self) {
        let flags: Vec<&str> = self.flags.iter().map(String::as_str).collect();
        let replica = service(self.name, &self.otlp, &flags).await;
        self.proxy.add(&replica.address);
        self.running.push(replica);
    }

    /// Replaces the oldest: the new one starts, the old one gets no new connections, and some time
    /// later the signal.
    async fn replace(&mut self, load: &Load) {
        self.add().await;
        let old = self.running.remove(0);
        self.proxy.remove(&old.address);
        load.more(100).await;
        let (status, lines) = old.terminate().await;
        assert!(status.success(), "{}: {status}", self.name);
        self.lines.extend(lines);
    }

    fn urls(&self) -> String {
        let urls = self.running.iter().map(|replica| replica.url(""));
        urls.collect::<Vec<_>>().join(",")
    }

    /// The trace ids of the lines with that message, of all replicas that ever ran.
    fn logged(&self, message: &str) -> BTreeSet<String> {
        let running = self.running.iter().flat_map(Process::lines);
        let lines = self.lines.iter().cloned().chain(running);
        let lines = lines.filter(|line| line["message"] == message);
        lines
            .filter_map(|line| Some(line["trace_id"].as_str()?.to_owned()))
            .collect()
    }
}

/// Two die-services, two dice-rollers, and a frontend.
struct System {
    dice: Replicated,
    rollers: Replicated,
    frontend: Process,
    store: Store,
    otlp: String,
}

impl System {
    async fn start() -> Self {
        let (store, otlp) = collector().await;
        let dice = Replicated::start("die-service", &otlp, &[]).await;
        let of_dice = format!("--die-service-url={}", dice.proxy.url);
        let flags = [
            of_dice.clone(),
            "--roll-delay=100ms".to_owned(),
            format!("--die-service-timeout={PATIENT}"),
        ];
        let rollers = Replicated::start("dice-roller", &otlp, &flags).await;
        let of_rollers = format!("--dice-roller-url={}", rollers.proxy.url);
        let patience = format!("--roll-timeout={PATIENT}");
        let frontend = service("frontend", &otlp, &[&of_dice, &of_rollers, &patience]).await;
        Self {
            dice,
            rollers,
            frontend,
            store,
            otlp,
        }
    }

    fn load(&self) -> Load {
        Load::start(self.frontend.url("/roll?die=fair"))
    }

    /// Checks that every finished roll has its line, and all of its spans.
    async fn assert_nothing_lost(&self, finished: &BTreeSet<String>) {
        eventually("a line of each finished roll", || async {
            let logged = self.rollers.logged("Roll completed");
            finished.is_subset(&logged).then_some(())
        })
        .await;
        for id in finished {
            let trace = id.parse().expect("a trace id");
            eventually(&format!("{SPANS} spans of {id}"), || async {
                let trace = self.store.trace(trace)?;
                (trace.spans().len() == SPANS).then_some(())
            })
            .await;
        }
    }
}

/// The trace ids of the rolls that succeeded; the others must say which service was missing.
fn finished(answers: &Answers) -> BTreeSet<String> {
    let (good, failed): (Vec<_>, Vec<_>) = answers.all.iter().partition(|it| it.status == 200);
    for answer in &failed {
        let detail = answer.body["detail"].as_str().unwrap_or_default();
        let names_one = detail.starts_with("dice-roller ") || detail.starts_with("die-service ");
        assert!(answer.status == 503 && names_one, "{answer:?}");
        assert!(answer.retry_after, "{answer:?}");
    }
    let details = failed.iter().map(|it| it.body["detail"].as_str());
    let details: BTreeSet<_> = details.collect();
    println!(
        "{} rolls, {:.0} a second, {} answered 503: {details:?}",
        answers.all.len(),
        answers.rate,
        failed.len()
    );
    let good = good.into_iter();
    good.map(|it| it.body["trace_id"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_under_load_loses_no_finished_roll_and_no_span() {
    let mut system = System::start().await;
    let load = system.load();
    load.more(200).await;
    for _ in 0..2 {
        system.rollers.replace(&load).await;
        load.more(100).await;
        system.dice.replace(&load).await;
        load.more(100).await;
    }
    let answers = load.stop().await;
    let finished = finished(&answers);
    assert!(finished.len() > 500, "{} rolls", finished.len());
    system.assert_nothing_lost(&finished).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_replica_costs_only_answers_that_name_it_until_it_is_noticed() {
    let mut system = System::start().await;
    let load = system.load();
    load.more(200).await;
    let killed = system.rollers.running.remove(0);
    killed.signal(nix::sys::signal::Signal::SIGKILL);
    let address = killed.address.clone();
    let (_, lines) = killed.ended().await;
    system.rollers.lines.extend(lines);
    load.more(100).await;
    system.rollers.proxy.remove(&address);
    load.clean(200).await;
    let answers = load.stop().await;
    assert!(finished(&answers).len() > 300);
    let after = system.rollers.running[0].metrics().await;
    assert!(
        after.sum("dice_rolls_total", &[]) > 0.0,
        "the other one rolls"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_of_replicas_add_up_to_what_was_sent() {
    let system = System::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a free port");
    let tempo = format!("http://{}", listener.local_addr().expect("bound"));
    let api = mini_tempo::api(system.store.clone());
    tokio::spawn(axum::serve(listener, api).into_future());
    let output = Command::new(PROGRAM)
        .args(["service", "traffic-gen", "reconcile", "--seed=7"])
        .arg(format!("--frontend-url={}", system.frontend.url("")))
        .arg(format!("--dice-roller-url={}", system.rollers.urls()))
        .arg(format!("--die-service-url={}", system.dice.urls()))
        .arg(format!("--tempo={tempo}"))
        .arg(format!("--otlp-endpoint={}", system.otlp))
        .output()
        .await
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{problem}");
    for replica in &system.rollers.running {
        let metrics = replica.metrics().await;
        assert!(metrics.sum("http_requests_total", &[]) > 0.0, "{said}");
    }
}
