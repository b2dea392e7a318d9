//! This program in the role of one of the system's processes.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};

use service::terminated;
use testkit::Process;
use tokio::process::{Child, Command};

/// `arguments` are a name and its flags.
pub(crate) fn main(arguments: Vec<OsString>) -> ExitCode {
    let name = arguments.first().and_then(|name| name.to_str());
    match name {
        Some("die-service") => {
            service::main_from(die_service::PROGRAM, arguments, |c, l, losses| {
                die_service::run(c, l, losses, terminated())
            })
        }
        Some("dice-roller") => {
            service::main_from(dice_roller::PROGRAM, arguments, |c, l, losses| {
                dice_roller::run(c, l, losses, terminated())
            })
        }
        Some("frontend") => service::main_from(frontend::PROGRAM, arguments, |c, l, losses| {
            frontend::run(c, l, losses, terminated())
        }),
        Some("usage-sink") => service::main_from(usage_sink::PROGRAM, arguments, |c, l, losses| {
            usage_sink::run(c, l, losses, terminated())
        }),
        Some("prober") => service::main_from(prober::PROGRAM, arguments, |c, l, losses| {
            prober::run(c, l, losses, terminated())
        }),
        Some("ktrdr") => ktrdr::main_from(arguments, terminated),
        Some("traffic-gen") => traffic_gen::main_from(arguments),
        _ => panic!("unknown program {arguments:?}"),
    }
}

/// Starts a service on a free port, without tracing unless a flag names a collector; flags without
/// a value are omitted.
pub(crate) async fn start(arguments: &[&str], flags: &[(&str, Option<String>)]) -> Process {
    let traced =
        |(flag, value): &(&str, Option<String>)| *flag == "--otlp-endpoint" && value.is_some();
    let untraced = match flags.iter().any(traced) {
        true => None,
        false => Some("--otel-disabled"),
    };
    let given = flags.iter().filter_map(|(flag, value)| {
        let value = value.as_deref()?;
        Some([*flag, value])
    });
    let mut all = [&["be"], arguments, &["--listen", "127.0.0.1:0"]].concat();
    all.extend(untraced);
    all.extend(given.flatten());
    Process::start(program(), &all).await
}

/// Starts a program that does not listen on a port.
pub(crate) fn in_background(arguments: &[&str]) -> Child {
    Command::new(program())
        .arg("be")
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("this program starts again")
}

fn program() -> PathBuf {
    std::env::current_exe().expect("this program has a path")
}
