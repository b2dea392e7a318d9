//! Runs this program as one of the services.

use std::ffi::OsString;
use std::io::Read;
use std::process::ExitCode;

use telemetry::text_without_secret;
use tokio::sync::oneshot;

use crate::postgres::keeper;

/// Runs the service named by the first argument with the other arguments, until the stop signal.
///
/// With `stop_at_eof`, the end of standard input counts as that signal: it occurs when the demo is
/// gone, even if it was killed, so that no process is left behind.
pub(crate) fn main(arguments: Vec<OsString>, stop_at_eof: bool) -> ExitCode {
    let name = arguments[0].to_string_lossy().into_owned();
    match name.as_str() {
        "die-service" => service::main_from(
            die_service::PROGRAM,
            arguments,
            |config, listener, losses| {
                die_service::run(config, listener, losses, stopped(stop_at_eof))
            },
        ),
        "dice-roller" => service::main_from(
            dice_roller::PROGRAM,
            arguments,
            |config, listener, losses| {
                dice_roller::run(config, listener, losses, stopped(stop_at_eof))
            },
        ),
        "frontend" => {
            service::main_from(frontend::PROGRAM, arguments, |config, listener, losses| {
                frontend::run(config, listener, losses, stopped(stop_at_eof))
            })
        }
        "usage-sink" => service::main_from(
            usage_sink::PROGRAM,
            arguments,
            |config, listener, losses| {
                usage_sink::run(config, listener, losses, stopped(stop_at_eof))
            },
        ),
        "prober" => service::main_from(prober::PROGRAM, arguments, |config, listener, losses| {
            prober::run(config, listener, losses, stopped(stop_at_eof))
        }),
        "ktrdr" => ktrdr::main_from(arguments, || stopped(stop_at_eof)),
        "traffic-gen" => traffic_gen::main_until(arguments, || stopped(stop_at_eof)),
        keeper::NAME => keeper::main(&arguments[1..], stopped(stop_at_eof)),
        _ => {
            let name = text_without_secret(&name);
            let known = "die-service, dice-roller, frontend, usage-sink, prober, ktrdr, traffic-gen, local-postgres";
            eprintln!("demo: unknown service {name:?}; expected one of {known}");
            ExitCode::from(2)
        }
    }
}

/// Examines a running demo, which has no Alloy, Prometheus, Loki or Grafana. Only flags configure
/// it: variables like `TEMPO_URL` describe another system.
pub(crate) fn doctor(arguments: Vec<OsString>) -> ExitCode {
    let own = [
        "demo doctor",
        "--runner=demo",
        "--without=alloy,prometheus,alertmanager,loki,grafana",
    ]
    .map(OsString::from);
    doctor::of_the_demo(own.into_iter().chain(arguments))
}

async fn stopped(at_eof: bool) {
    if !at_eof {
        return service::terminated().await;
    }
    let (sender, eof) = oneshot::channel();
    // A separate thread, because the runtime would wait for a blocking task at shutdown.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = sender.send(());
    });
    tokio::select! {
        () = service::terminated() => {}
        _ = eof => {}
    }
}
