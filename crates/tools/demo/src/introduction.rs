//! The introduction, printed once everything runs: what this stage is about, and where to look.

use std::io::Write;

use stages::{Component, Stage};
use url::Url;

use crate::cli::{DEFAULT_OTLP_PORT, DEFAULT_TEMPO_PORT, Options};
use crate::plan::Plan;
use crate::postgres::Databases;
use crate::topology::url;

/// Prints it on standard output.
pub(crate) fn say(plan: &Plan, options: &Options, databases: &Databases) {
    let stage = plan.stage;
    let text = format!(
        "The dice are rolling: stage {stage} of {}.\nNew in it: {}.\nWhat to look at: {}.\n\n{}\nTo try in this stage:\n\n{}\n{}\
         Traces are kept in memory by a stand-in for Tempo. For Grafana: {}\n\
         Ctrl-C stops everything.\n\n",
        Stage::ALL.len(),
        stage.title(),
        stage.to_look_at(),
        places(plan, options, databases),
        tries(plan, options, databases),
        ktrdr(options),
        stage.compose_up(),
    );
    // The reader may have closed the pipe, as in `| head`.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn places(plan: &Plan, options: &Options, databases: &Databases) -> String {
    let stage = plan.stage;
    let (entry, roller) = (plan.entry(), plan.dice_roller());
    let tempo = url(options.tempo_port);
    let mut places = Vec::new();
    let mut add = |name: &str, place: String| places.push(format!("  {name:20} {place}\n"));
    if stage.runs(Component::Frontend) {
        add("The page", entry.clone());
    }
    add("A roll", format!("curl '{entry}/roll?die=fair'"));
    if stage.has_batches() {
        add(
            "Ten rolls at once",
            format!("curl '{entry}/roll-async?die=fair&times=10'"),
        );
    }
    if stage.runs(Component::Frontend) {
        add("Its trace", format!("curl {tempo}/api/traces/TRACE_ID"));
    }
    add(
        "Traces with errors",
        format!("curl -G {tempo}/api/search --data-urlencode 'q={{ status = error }}'"),
    );
    add("Metrics", format!("curl {roller}/metrics"));
    for (name, database) in [
        ("The dice", &databases.dice),
        ("Usage events", &databases.usage),
    ] {
        if let Some(url) = database {
            add(name, format!("psql '{}'", without_password(url)));
        }
    }
    add("Health check", doctor(plan, options));
    add(
        "Faults to find",
        "cargo run --release -- faults list".to_owned(),
    );
    add("A drill", "cargo run --release -- drill".to_owned());
    add("Log lines", log_lines(options));
    places.concat()
}

/// Where the services' log lines are.
fn log_lines(options: &Options) -> String {
    match &options.log_dir {
        Some(directory) => format!("tail -f '{}'/*.log", directory.display()),
        None if options.logs => "printed here (--logs)".to_owned(),
        None => "restart with --logs".to_owned(),
    }
}

/// The section of `--ktrdr`: where to look, and what to try.
fn ktrdr(options: &Options) -> String {
    if !options.ktrdr {
        return String::new();
    }
    let backend = url(options.ktrdr_port);
    let tempo = url(options.tempo_port);
    // At least one, since the flag takes at least one value.
    let worker_port = options.ktrdr_worker_ports[0];
    let worker = url(worker_port);
    let stop = stop_listener("ktrdr worker", worker_port);
    format!(
        "KTRDR, a fleet of workers:\n\n  \
         {:20} curl {backend}/api/v1/workers\n  \
         {:20} curl {backend}/api/v1/operations\n  \
         {:20} curl {backend}/metrics; curl {worker}/metrics\n\n  \
         1. One operation as a trace: the backend hands it to a worker, which runs it for a while\n     \
         curl -sG {tempo}/api/search --data-urlencode 'q={{ resource.service.name =~ \"ktrdr.*\" }}'\n  \
         2. Stop a worker: its operation goes back into the queue, and another worker takes it\n     \
         {stop}; sleep 1; curl {backend}/api/v1/workers\n  \
         3. The metrics of the fleet: operations running, done and put back into the queue\n     \
         curl -s {backend}/metrics | grep -E '^(operations|workers)_'\n\n",
        "Workers", "Operations", "Metrics",
    )
}

fn tries(plan: &Plan, options: &Options, databases: &Databases) -> String {
    let placeholders = placeholders(plan, options, databases);
    let tasks = plan.stage.tasks().iter().zip(1..);
    let tries = tasks.map(|(task, number)| {
        let command = placeholders
            .iter()
            .fold(task.command.to_owned(), |command, (word, meaning)| {
                command.replace(word, meaning)
            });
        format!("  {number}. {}\n     {command}\n", task.what)
    });
    tries.collect::<Vec<_>>().concat()
}

/// The placeholders in the commands of tasks, and their values in this run.
fn placeholders(plan: &Plan, options: &Options, databases: &Databases) -> Vec<(String, String)> {
    let database = |url: &Option<Url>| url.as_ref().map_or(String::new(), without_password);
    let otlp = match options.otlp_port {
        DEFAULT_OTLP_PORT => String::new(),
        port => format!(" --otlp-endpoint={}", url(port)),
    };
    let values = [
        ("{page}", plan.entry()),
        ("{roller}", plan.dice_roller()),
        ("{traces}", url(options.tempo_port)),
        ("{dice_db}", database(&databases.dice)),
        ("{usage_db}", database(&databases.usage)),
        ("{otlp}", otlp),
        ("{stop postgres}", stop_postgres(databases)),
    ];
    let values = values.map(|(word, value)| (word.to_owned(), value));
    let stops = Component::ALL.into_iter().filter_map(|component| {
        let name = component.name();
        let port = plan.port(component)?;
        Some((format!("{{stop {name}}}"), stop_listener(name, port)))
    });
    values.into_iter().chain(stops).collect()
}

/// The command that stops the service of this run on that port, and no service of another run. The
/// space at the end keeps the pattern from matching a longer port, the brackets from matching a
/// shell or a traffic-gen that runs the command.
fn stop_listener(service: &str, port: u16) -> String {
    let (first, rest) = service.split_at(1);
    format!("pkill -f '[{first}]{rest} --listen=127.0.0.1:{port} '")
}

/// The command that stops this run's own PostgreSQL server, whose command line ends in its port.
fn stop_postgres(databases: &Databases) -> String {
    let port = databases.dice.as_ref().and_then(Url::port);
    match port.filter(|_| databases.own) {
        Some(port) => format!("pkill -INT -f '[d]ice-postgres-.* -p {port}$'"),
        None => "(stop your own server)".to_owned(),
    }
}

/// Passwords must not appear on a terminal; psql prompts for one.
fn without_password(url: &Url) -> String {
    let mut url = url.clone();
    // Fails only for URLs without a host, which have no password.
    let _ = url.set_password(None);
    url.into()
}

/// The doctor command for this run: with its stage, and the ports that differ from the stage's.
fn doctor(plan: &Plan, options: &Options) -> String {
    let stage = plan.stage;
    let mut command = format!("cargo run --release -- doctor --stage {stage}");
    if options.head_sampling < 1.0 {
        command += &format!(" --head-sampling {}", options.head_sampling);
    }
    if options.tail_sampling {
        command += " --tail-sampling";
    }
    let mut add = |name: &str, port: Option<u16>, default| {
        if let Some(port) = port.filter(|port| Some(*port) != default) {
            command += &format!(" --{name}-url {}", url(port));
        }
    };
    for component in Component::ALL {
        add(
            component.name(),
            plan.port(component),
            stage.port(component),
        );
    }
    add("tempo", Some(options.tempo_port), Some(DEFAULT_TEMPO_PORT));
    command
}
