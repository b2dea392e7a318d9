//! Variables of a developer's shell do not reach the demo's parts; the settings that a user may
//! want to change are flags.

use nix::sys::signal::Signal;
use signals::tempo::Span;
use testkit::{eventually, get};
use tokio::process::Command;

use crate::demo::{Demo, command, free_ports, services_of};
use crate::postgres::{is_here, url};
use crate::processes::Pid;
use crate::stages::pid;
use crate::support::PROGRAM;
use crate::usage_stage::{act, stored};

/// Values with which a part could not start.
const UNREADABLE: [(&str, &str); 24] = [
    ("OTEL_TRACES_EXPORTER", "console"),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.invalid"),
    ("OTEL_TRACES_SAMPLER_ARG", "2"),
    ("OTEL_BSP_MAX_QUEUE_SIZE", "none"),
    ("RUST_LOG", "my_crate[span{field=x}]=debug"),
    ("LOG_FORMAT", "logfmt"),
    ("DATABASE_URL", "mysql://root@db/shop"),
    ("DATABASE_POOL_SIZE", "0"),
    ("DATABASE_TIMEOUT", "forever"),
    ("USAGE_DATABASE_URL", "sqlite:usage.db"),
    ("GRAFANA_URL", "-"),
    ("TRACE_QUERY_URL", "-"),
    ("LISTEN_ADDR", "0.0.0.0"),
    ("MAX_IN_FLIGHT", "none"),
    ("ROLL_DELAY", "long"),
    ("NUM_USERS", "many"),
    ("FRONTEND_URL", "-"),
    ("DIE_SERVICE_URL", "-"),
    ("DICE_ROLLER_URL", "-"),
    ("TEMPO_URL", "-"),
    ("PROMETHEUS_URL", "-"),
    ("TOKIO_WORKER_THREADS", "0"),
];

/// Values that would change its behaviour silently.
const MISLEADING: [(&str, &str); 21] = [
    ("OTEL_TRACES_EXPORTER", "none"),
    ("OTEL_TRACES_SAMPLER", "always_off"),
    ("OTEL_SDK_DISABLED", "true"),
    ("OTEL_SERVICE_NAME", "my-service"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
    (
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "http://127.0.0.1:1/v1/traces",
    ),
    ("OTEL_BSP_SCHEDULE_DELAY", "600000"),
    ("RUST_LOG", "off"),
    ("LOG_FORMAT", "pretty"),
    ("HTTP_PROXY", "http://127.0.0.1:1"),
    ("http_proxy", "http://127.0.0.1:1"),
    ("ALL_PROXY", "http://127.0.0.1:1"),
    ("GRAFANA_URL", "http://127.0.0.1:1"),
    ("TRACE_QUERY_URL", "http://127.0.0.1:1"),
    ("LISTEN_ADDR", "127.0.0.1:1"),
    ("MAX_IN_FLIGHT", "1"),
    ("FRONTEND_URL", "http://127.0.0.1:1"),
    ("DIE_SERVICE_URL", "http://127.0.0.1:1"),
    ("DICE_ROLLER_URL", "http://127.0.0.1:1"),
    ("TEMPO_URL", "http://127.0.0.1:1"),
    (
        "OTEL_RESOURCE_ATTRIBUTES",
        "service.name=mine,team=dice,service.version=9",
    ),
];

/// Variables that PostgreSQL's programs and clients read.
const POSTGRES: [(&str, &str); 10] = [
    ("PGHOST", "db.invalid"),
    ("PGPORT", "1"),
    ("PGUSER", "stranger"),
    ("PGPASSWORD", "secret"),
    ("PGDATABASE", "shop"),
    ("PGSSLMODE", "verify-full"),
    ("PGOPTIONS", "-c default_transaction_read_only=on"),
    ("PGDATA", "/nonexistent"),
    ("PGSERVICE", "nowhere"),
    ("PGAPPNAME", "shop"),
];

async fn start_in(shell: &[(&str, &str)], own: &[&str]) -> Demo {
    let ports = free_ports();
    let mut command = command(&ports);
    command.args(own).envs(shell.iter().copied());
    let child = command.spawn().expect("it starts");
    Demo { child, ports }
}

#[tokio::test]
async fn variables_for_other_programs_have_no_effect() {
    for shell in [&UNREADABLE[..], &MISLEADING[..]] {
        let mut demo = start_in(shell, &["--no-traffic", "--logs"]).await;
        demo.introduction().await;
        let (status, answer) = get(&demo.url(2, "/roll?die=fair")).await;
        assert_eq!(status, 200, "{answer}");
        let trace = answer["trace_id"].as_str().expect("an id");
        let all = |spans: &[Span]| services_of(spans).len() == 3;
        demo.trace(trace, "three services in the trace", all).await;
        for process in pid(&demo).children() {
            for variable in process.environment() {
                let name = variable.split('=').next().expect("a name");
                let passed = ["PATH", "HOME", "OTEL_RESOURCE_ATTRIBUTES"].contains(&name);
                let of_shell = shell.iter().any(|(of_shell, _)| *of_shell == name);
                assert!(
                    passed || !of_shell,
                    "{variable} of {:?}",
                    process.arguments()
                );
            }
        }
        let mut doctor = Command::new(PROGRAM);
        doctor.args(["doctor", "--stage=4", "--patience=10s"]);
        let tempo = format!("--tempo-url={}", demo.url(4, ""));
        doctor.args(demo.urls()).arg(tempo);
        let output = doctor.envs(shell.iter().copied()).output().await;
        let output = output.expect("it runs");
        assert!(output.status.success(), "{output:?}");
        demo.stop(Signal::SIGTERM).await;
    }
}

#[tokio::test]
async fn usage_events_are_stored_whatever_the_variables_for_logs_and_databases() {
    if !is_here() {
        return;
    }
    let quiet = [("RUST_LOG", "warn"), ("LOG_FORMAT", "pretty")];
    let shell = [&quiet[..], &POSTGRES[..]].concat();
    for own in [None, Some("--log-filter=error")] {
        let flags = ["--stage=6", "--no-traffic", "--roll-delay=0s"];
        let flags: Vec<&str> = flags.into_iter().chain(own).collect();
        let mut demo = start_in(&shell, &flags).await;
        let database = url(&demo.introduction().await, "Usage events");
        act(&demo).await;
        stored(&database, 1).await;
        demo.stop(Signal::SIGTERM).await;
    }
}

#[tokio::test]
async fn ignored_variables_are_named_with_the_flags_that_replace_them() {
    let shell = [
        ("RUST_LOG", "warn"),
        ("LOG_FORMAT", "pretty"),
        ("OTEL_TRACES_SAMPLER", "always_off"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team=dice"),
    ];
    let mut demo = start_in(&shell, &["--no-traffic"]).await;
    demo.introduction().await;
    let (output, _) = demo.stop(Signal::SIGTERM).await;
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = "Not passed on to the services: LOG_FORMAT (use --log-format), \
                    OTEL_TRACES_SAMPLER, RUST_LOG (use --log-filter)";
    assert!(said.lines().any(|line| line == expected), "{said}");
}

#[tokio::test]
async fn flags_control_the_log_lines() {
    let flags = [
        "--no-traffic",
        "--logs",
        "--log-format=pretty",
        "--log-filter=info,die_service=warn",
    ];
    let demo = start_in(&[], &flags).await;
    eventually("the page", || async {
        testkit::fetch(demo.url(2, "/healthz")).await.ok()
    })
    .await;
    assert_eq!(get(&demo.url(2, "/roll?die=fair")).await.0, 200);
    let (output, _) = demo.stop(Signal::SIGTERM).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("INFO ") && said.contains("Roll completed"),
        "{said}"
    );
    assert!(!said.contains("Die found"), "{said}");
    assert!(!said.contains("\"timestamp\""), "no JSON: {said}");
}

/// Flags, variables, the exit code, and words of the error.
type Refused = (
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
    i32,
    &'static [&'static str],
);

#[tokio::test]
async fn invalid_combinations_are_rejected_and_variables_are_named() {
    let refused: [Refused; 5] = [
        (
            &["--stage=6", "--log-format=pretty"],
            &[],
            1,
            &["stage 6", "JSON", "--log-routes loki"],
        ),
        (
            &["--log-filter=my_crate[span{field=x}]=debug"],
            &[],
            2,
            &["--log-filter", "TARGET=LEVEL"],
        ),
        (
            &[],
            &[("STAGE", "production")],
            2,
            &["production", "variable STAGE"],
        ),
        (
            &[],
            &[("FRONTEND_PORT", "http")],
            2,
            &["http", "variable FRONTEND_PORT"],
        ),
        (
            &["--ktrdr-worker-ports=0,5004"],
            &[],
            2,
            &["--ktrdr-worker-ports", "1..=65535"],
        ),
    ];
    for (arguments, shell, code, words) in refused {
        let mut demo = Command::new(PROGRAM);
        demo.args(arguments).envs(shell.iter().copied());
        let output = demo.output().await.expect("it runs");
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        for word in words {
            assert!(said.contains(word), "{word:?} is not in {said}");
        }
    }
}

#[tokio::test]
async fn attributes_of_the_shell_are_on_the_spans() {
    let shell = [("OTEL_RESOURCE_ATTRIBUTES", "team=dice")];
    let mut demo = start_in(&shell, &["--no-traffic"]).await;
    demo.introduction().await;
    let environments = pid(&demo).children().into_iter().map(Pid::environment);
    for environment in environments {
        let has = environment.contains(&"OTEL_RESOURCE_ATTRIBUTES=team=dice".to_owned());
        assert!(has, "{environment:?}");
    }
    demo.stop(Signal::SIGTERM).await;
}
