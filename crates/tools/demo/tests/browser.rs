//! The page in a real browser. The tests are the scripts in
//! `crates/services/frontend/tests/browser`; this program starts the services under test, several
//! times with different settings, and a trace store.

use std::path::{Path, PathBuf};
use std::process::Command;

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use mini_tempo::Store;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Value, json};
use testkit::traces::{of_service, text, trace_by_id};
use testkit::{Process, skip_without};
use tokio::net::TcpListener;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");
const SCRIPTS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../services/frontend/tests/browser"
);

/// An address on which no service listens.
const UNUSED_URL: &str = "http://127.0.0.1:1";

const MARKUP: &str = "\"'><img src=x onerror=\"window.hacked=1\">";

/// The browsers that the scripts support, by their names in Debian and elsewhere.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

#[tokio::test(flavor = "multi_thread")]
async fn the_page_works_in_a_browser() {
    let Some(chromium) = browser_and_driver() else {
        return;
    };
    let world = World::start(&chromium).await;
    let mut tests = tokio::process::Command::new("node");
    tests.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]);
    let tests = tests
        .current_dir(SCRIPTS)
        .env("PAGE_TEST", world.facts.to_string());
    let status = tests.status().await.expect("node starts");
    assert!(status.success(), "a browser test failed");
}

/// The path of the browser, if everything that drives it is installed. On CI it must be.
fn browser_and_driver() -> Option<PathBuf> {
    let browser = BROWSERS.into_iter().find_map(find);
    let missing = match &browser {
        None => "chromium",
        _ if find("node").is_none() => "node",
        _ if !driver_is_installed() => "npm, and a registry with the browser driver",
        _ => return browser,
    };
    skip_without(missing);
    None
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let candidates = std::env::split_paths(&path).map(|directory| directory.join(program));
    candidates.into_iter().find(|candidate| candidate.is_file())
}

/// Installs the versions in `package-lock.json`, without running install scripts.
fn driver_is_installed() -> bool {
    if Path::new(SCRIPTS)
        .join("node_modules/playwright-core")
        .exists()
    {
        return true;
    }
    let mut install = Command::new("npm");
    install.args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--silent",
    ]);
    let status = install.current_dir(SCRIPTS).status();
    status.is_ok_and(|status| status.success())
}

/// Frontends with different settings. The processes end when this is dropped.
struct World {
    /// The browser, and a URL for each set of services, by the names that the scripts use.
    facts: Value,
    _processes: Vec<Process>,
}

impl World {
    async fn start(chromium: &Path) -> Self {
        let store = Store::new(mini_tempo::DEFAULT_MAX_SPANS);
        let otlp = serve(mini_tempo::receiver(store.clone())).await;
        let tempo = serve(mini_tempo::api(store)).await;
        let hostile = serve(hostile()).await;
        let mut services = Services {
            otlp,
            processes: Vec::new(),
        };
        let dice = services.start("die-service", &[]).await;
        let roller = services
            .start("dice-roller", &[("die-service-url", &dice)])
            .await;
        let quick = [("die-service-url", dice.as_str()), ("roll-delay", "0s")];
        let quick = services.start("dice-roller", &quick).await;
        let lonely = services
            .start("dice-roller", &[("die-service-url", UNUSED_URL)])
            .await;
        let grafana = [
            ("grafana-url", "http://grafana.test"),
            ("grafana-dashboard", "rolls"),
        ];
        let mut frontend = async |roller: &str, dice: &str, tempo: Option<&str>| {
            let mut flags = vec![("dice-roller-url", roller), ("die-service-url", dice)];
            flags.extend(tempo.map(|tempo| ("trace-query-url", tempo)));
            services
                .start("frontend", &[&flags[..], &grafana].concat())
                .await
        };
        let facts = json!({
            "chromium": chromium,
            "main": frontend(&roller, &dice, Some(&tempo)).await,
            "quick": frontend(&quick, &dice, Some(&tempo)).await,
            "dieServiceDown": frontend(&lonely, UNUSED_URL, Some(&tempo)).await,
            "tempoDown": frontend(&quick, &dice, Some(UNUSED_URL)).await,
            "tracingOff": frontend(&quick, &dice, None).await,
            "hostile": frontend(&hostile, &hostile, Some(&hostile)).await,
        });
        Self {
            facts,
            _processes: services.processes,
        }
    }
}

struct Services {
    otlp: String,
    processes: Vec<Process>,
}

impl Services {
    /// Starts a service with its own settings, as a user would; returns its URL.
    async fn start(&mut self, name: &str, flags: &[(&str, &str)]) -> String {
        let mut arguments = vec!["service".to_owned(), name.to_owned()];
        let common = [
            ("listen", "127.0.0.1:0"),
            ("otlp-endpoint", self.otlp.as_str()),
        ];
        let flags = common.iter().chain(flags);
        arguments.extend(flags.map(|(flag, value)| format!("--{flag}={value}")));
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let process = Process::start(PROGRAM, &arguments).await;
        let url = process.url("");
        self.processes.push(process);
        url
    }
}

async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(axum::serve(listener, app).into_future());
    url
}

/// A die-service, a dice-roller and a Tempo that return markup in every field.
fn hostile() -> Router {
    let dice = |RawQuery(query): RawQuery| async move {
        Json(match query {
            None => json!({ "identifiers": [MARKUP] }),
            Some(_) => json!({
                "identifier": MARKUP, "specification": { "faces": [1], "error_rate": 0.0 },
            }),
        })
    };
    let failed = || async {
        let problem = Json(json!({ "detail": MARKUP }));
        (StatusCode::INTERNAL_SERVER_ERROR, problem)
    };
    let span = Span {
        trace_id: 10_u128.to_be_bytes().to_vec(),
        span_id: 1_u64.to_be_bytes().to_vec(),
        name: MARKUP.to_owned(),
        start_time_unix_nano: 1,
        end_time_unix_nano: 1_000_001,
        attributes: vec![text(MARKUP, MARKUP)],
        ..Span::default()
    };
    let trace = trace_by_id(vec![of_service(MARKUP, vec![span])]);
    Router::new()
        .route("/dice", get(dice))
        .route("/roll", get(failed))
        .route("/api/v2/traces/{id}", get(|| async { trace }))
}
