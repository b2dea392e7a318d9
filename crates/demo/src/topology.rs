//! What runs, in the order in which it starts: callees before callers.

use crate::child::Role;
use crate::cli::Options;

/// Users who roll dice as long as the demo runs, and how long they think at the most.
const TRAFFIC: [&str; 3] = ["--users=3", "--max-rolls=0", "--think-max=4s"];

/// A worker makes a few spans a minute; room for thousands would be most of its memory.
const SMALL_QUEUE: &str = "--span-queue-size=512";

/// A port that must be free, and how to say so when it is not.
#[derive(Debug, Clone)]
pub(crate) struct Port {
    pub(crate) number: u16,
    pub(crate) who: String,
    pub(crate) flag: &'static str,
}

/// A process, and where it listens, if it does.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) role: Role,
    pub(crate) port: Option<Port>,
}

/// Every process of this run.
pub(crate) fn services(options: &Options) -> Vec<Service> {
    let mut services = dice(options);
    if options.ktrdr {
        services.extend(ktrdr(options));
    }
    if !options.no_traffic {
        let frontend = format!("--frontend-url={}", url(options.frontend_port));
        let own = ["traffic-gen", "users", "--quiet", &frontend, &otlp(options)];
        services.push(client("traffic-gen", &[&own, &TRAFFIC[..]].concat()));
    }
    services
}

/// The ports that those listen on.
pub(crate) fn ports(services: &[Service]) -> Vec<Port> {
    services
        .iter()
        .filter_map(|service| service.port.clone())
        .collect()
}

/// The ports of the trace store: where spans come in, and where they are asked for.
pub(crate) fn store_ports(options: &Options) -> [Port; 2] {
    let port = |number, who: &str, flag| Port {
        number,
        who: who.to_owned(),
        flag,
    };
    [
        port(options.otlp_port, "the trace receiver", "--otlp-port"),
        port(options.tempo_port, "the trace store", "--tempo-port"),
    ]
}

/// The URL of that port on this machine.
pub(crate) fn url(port: u16) -> String {
    format!("http://localhost:{port}")
}

fn dice(options: &Options) -> Vec<Service> {
    let die_service = format!("--die-service-url={}", url(options.die_service_port));
    let dice_roller = format!("--dice-roller-url={}", url(options.dice_roller_port));
    let traces = format!("--trace-query-url={}", url(options.tempo_port));
    let server =
        |name, port, flag, flags: &[&str]| server(name, &[name], (port, flag), flags, options);
    vec![
        server(
            "die-service",
            options.die_service_port,
            "--die-service-port",
            &[],
        ),
        server(
            "dice-roller",
            options.dice_roller_port,
            "--dice-roller-port",
            &[&die_service],
        ),
        server(
            "frontend",
            options.frontend_port,
            "--frontend-port",
            &[&die_service, &dice_roller, &traces],
        ),
    ]
}

fn ktrdr(options: &Options) -> Vec<Service> {
    let backend = format!("--backend-url={}", url(options.ktrdr_port));
    let port = (options.ktrdr_port, "--ktrdr-port");
    let mut services = vec![server(
        "ktrdr-backend",
        &["ktrdr", "backend"],
        port,
        &[],
        options,
    )];
    let backtests = options.ktrdr_worker_ports.len().div_ceil(2);
    for (number, port) in options.ktrdr_worker_ports.iter().enumerate() {
        let kind = if number < backtests {
            "--type=backtest"
        } else {
            "--type=training"
        };
        let name = format!("ktrdr-worker-{}", number + 1);
        let port = (*port, "--ktrdr-worker-ports");
        services.push(server(
            &name,
            &["ktrdr", "worker"],
            port,
            &[kind, &backend, SMALL_QUEUE],
            options,
        ));
    }
    services.push(client("ktrdr-driver", &["ktrdr", "drive", &backend]));
    services
}

/// A program that listens and exports its spans.
fn server(
    name: &str,
    program: &[&str],
    (number, flag): (u16, &'static str),
    flags: &[&str],
    options: &Options,
) -> Service {
    let listen = format!("--listen=127.0.0.1:{number}");
    let otlp = otlp(options);
    let own = [program, &[&listen, &otlp], flags].concat();
    let who = name.to_owned();
    Service {
        port: Some(Port { number, who, flag }),
        ..client(name, &own)
    }
}

/// A program that only asks.
fn client(name: &str, arguments: &[&str]) -> Service {
    let arguments = arguments
        .iter()
        .map(|argument| (*argument).to_owned())
        .collect();
    Service {
        role: Role {
            name: name.to_owned(),
            arguments,
        },
        port: None,
    }
}

fn otlp(options: &Options) -> String {
    format!("--otlp-endpoint={}", url(options.otlp_port))
}
