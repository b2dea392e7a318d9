//! The processes, in the order in which they start: callees before callers.

use stages::Component;

use crate::child::Role;
use crate::cli::Options;
use crate::environment::Decided;
use crate::plan::Plan;

/// Number of users who roll dice as long as the demo runs, and the longest pause between their
/// rolls.
const TRAFFIC: [&str; 3] = ["--users=3", "--max-rolls=0", "--think-max=4s"];

/// Queue of a program that creates a few spans a minute, and room for thousands would be most of its
/// memory.
const SMALL_QUEUE: &str = "--span-queue-size=512";

/// A port that must be free, and the text for a conflict.
#[derive(Debug, Clone)]
pub(crate) struct Port {
    pub(crate) number: u16,
    pub(crate) who: String,
    pub(crate) flag: &'static str,
}

/// A process, and its port, if it listens.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) role: Role,
    pub(crate) port: Option<Port>,
}

/// Every process of this run but usage-sink and PostgreSQL.
pub(crate) fn services(plan: &Plan, options: &Options) -> Vec<Service> {
    let mut services = dice(plan, options);
    if options.ktrdr {
        services.extend(ktrdr(options));
    }
    if !options.no_traffic {
        services.push(prober(plan, options));
        services.push(traffic(plan, options));
    }
    services
}

/// The process that stores usage events, if the stage has it. It outlives the others, because it
/// stores their last lines.
pub(crate) fn usage_sink(plan: &Plan, options: &Options) -> Option<Service> {
    let port = (plan.port(Component::UsageSink)?, "--usage-sink-port");
    Some(server("usage-sink", &["usage-sink"], port, &[], options))
}

fn traffic(plan: &Plan, options: &Options) -> Service {
    let entry = format!("--frontend-url={}", plan.entry());
    let otlp = otlp(options);
    let mut arguments = vec!["traffic-gen", "users", "--quiet", &entry, &otlp];
    arguments.extend(TRAFFIC);
    // dice-roller has no page to open.
    arguments.extend(plan.stage.only_rolls().then_some("--only-rolls"));
    let batches = format!("--async-probability={}", plan.stage.async_probability());
    arguments.push(&batches);
    client("traffic-gen", &arguments)
}

fn prober(plan: &Plan, options: &Options) -> Service {
    let front_door = format!("--probe-url={}", plan.entry());
    let batch = format!("--max-batch={}", plan.stage.probe_max_batch());
    let pause = format!("--min-interval={}", plan.stage.probe_min_interval());
    let port = (options.prober_port, "--prober-port");
    let flags = [&*front_door, &batch, &pause, SMALL_QUEUE];
    server("prober", &["prober"], port, &flags, options)
}

/// The ports of those processes.
pub(crate) fn ports<'a>(services: impl IntoIterator<Item = &'a Service>) -> Vec<Port> {
    let ports = services.into_iter().map(|service| service.port.clone());
    ports.flatten().collect()
}

/// The ports of the trace store: one to receive spans, one for queries.
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

fn dice(plan: &Plan, options: &Options) -> Vec<Service> {
    let die_service_url = plan
        .url(Component::DieService)
        .map(|url| format!("--die-service-url={url}"));
    let dice_roller_url = format!("--dice-roller-url={}", plan.dice_roller());
    let traces = format!("--trace-query-url={}", url(options.tempo_port));
    let die_service_url: Vec<&str> = die_service_url.iter().map(String::as_str).collect();
    let server =
        |name, port, flag, flags: &[&str]| server(name, &[name], (port, flag), flags, options);
    let mut services = Vec::new();
    let die_service = plan.port(Component::DieService);
    services.extend(die_service.map(|port| server("die-service", port, "--die-service-port", &[])));
    let delay = options.roll_delay.as_ref();
    let delay = delay.map(|delay| format!("--roll-delay={delay}"));
    let mut roller_flags = die_service_url.clone();
    roller_flags.extend(delay.as_deref());
    let dice_roller = plan.port(Component::DiceRoller);
    services.extend(
        dice_roller.map(|port| server("dice-roller", port, "--dice-roller-port", &roller_flags)),
    );
    services.extend(plan.port(Component::Frontend).map(|port| {
        let flags = [&[&*dice_roller_url, &traces], &die_service_url[..]].concat();
        server("frontend", port, "--frontend-port", &flags)
    }));
    services
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

/// A program that listens and exports spans.
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
    let mut service = client(name, &own);
    service.role.listens = true;
    service.port = Some(Port { number, who, flag });
    service
}

/// A program that does not listen.
fn client(name: &str, arguments: &[&str]) -> Service {
    let arguments = arguments
        .iter()
        .map(|argument| (*argument).to_owned())
        .collect();
    Service {
        role: Role {
            name: name.to_owned(),
            arguments,
            database: None,
            listens: false,
            decided: Decided::default(),
        },
        port: None,
    }
}

fn otlp(options: &Options) -> String {
    format!("--otlp-endpoint={}", url(options.otlp_port))
}
