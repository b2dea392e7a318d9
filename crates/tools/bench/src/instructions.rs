//! Instructions a request, counted by valgrind's callgrind in user space.
//!
//! A program answers N and, started again, 2N identical requests, one after the other on one
//! connection. The difference is what N requests cost, without start and end. This is what makes the
//! number repeatable:
//!
//! * one CPU, so that a service has one worker thread and no other one looks for its work;
//! * batches of spans that are full (512) or the last: [`SPAN_DELAY`] is longer than a run, so that the
//!   speed of the machine does not decide how many spans share a request to the collector;
//! * enough requests ([`REQUESTS`]) that sampling 10 % of them is as exact as the rest;
//! * valgrind's processor, which is the same on every machine with AVX2, so that libraries choose the same
//!   code; system calls are not counted.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use testkit::Process;
use tooling::command::is_there;

use crate::programs::PATH;

/// Requests between the two counts: 16 batches of spans.
pub(crate) const REQUESTS: u32 = 8192;

/// The SDK's variable, and ours.
const SPAN_DELAY: &str = "OTEL_BSP_SCHEDULE_DELAY=3600000";

/// Whether this machine can count.
///
/// # Errors
/// What is missing, and the command that installs it.
pub(crate) fn check() -> Result<(), String> {
    let missing = ["valgrind", "taskset"].into_iter().find(|it| !is_there(it));
    match missing {
        None => Ok(()),
        Some(program) => Err(format!(
            "instructions are counted with {program}, which is not installed; run apt-get install valgrind util-linux"
        )),
    }
}

/// A program to count.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Requests between the two counts
    #[arg(long, default_value_t = REQUESTS)]
    requests: u32,

    /// The program and its flags; it must log the address on which it listens, as our services do
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

/// Counts, and prints the number alone.
///
/// # Errors
/// If this machine cannot count.
pub(crate) async fn run(options: &Options) -> Result<(), String> {
    check()?;
    let command: Vec<&str> = options.command.iter().map(String::as_str).collect();
    println!("{:.0}", count(&command, options.requests).await);
    Ok(())
}

/// Instructions for each of `requests` to `command`, a program with its flags.
pub(crate) async fn count(command: &[&str], requests: u32) -> f64 {
    let once = total(command, requests).await;
    let twice = total(command, 2 * requests).await;
    (twice as f64 - once as f64) / f64::from(requests)
}

/// All instructions of a run with so many requests.
async fn total(command: &[&str], requests: u32) -> u64 {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("callgrind.out");
    let out = format!("--callgrind-out-file={}", file.display());
    let cpu = allowed_cpu();
    let counted = ["taskset", "--cpu-list", &cpu, "valgrind", "--quiet"];
    let tool = ["--tool=callgrind", &out];
    let arguments = [&[SPAN_DELAY][..], &counted, &tool, command].concat();
    let process = Process::start_unheard("env", &arguments).await;
    let address = process.address.clone();
    let asked = tokio::task::spawn_blocking(move || ask(&address, requests));
    let asked = asked.await.expect("the client does not panic");
    asked.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    process.terminate().await;
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    let total = total.and_then(|number| number.trim().parse().ok());
    total.unwrap_or_else(|| panic!("{command:?}: callgrind wrote no total"))
}

/// The first CPU that this process may use.
fn allowed_cpu() -> String {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let list = status
        .lines()
        .find_map(|it| it.strip_prefix("Cpus_allowed_list:"));
    let list = list.expect("Linux names the allowed CPUs").trim();
    let digits = list
        .find(|it: char| !it.is_ascii_digit())
        .unwrap_or(list.len());
    list[..digits].to_owned()
}

/// Sends GET requests one after the other on one connection, the same bytes as `traffic-gen load`.
fn ask(address: &str, requests: u32) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{address}: {error}");
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    let mut answers = BufReader::new(stream.try_clone().map_err(failed)?);
    let request = format!("GET {PATH} HTTP/1.1\r\nhost: {address}\r\n\r\n");
    for _ in 0..requests {
        stream.write_all(request.as_bytes()).map_err(failed)?;
        answer(&mut answers)?;
    }
    Ok(())
}

/// Reads an answer with a length.
///
/// # Errors
/// If it is not a 200, or has no length.
fn answer(answers: &mut BufReader<TcpStream>) -> Result<(), String> {
    let mut length = None;
    let mut status = String::new();
    let failed = |error: std::io::Error| error.to_string();
    answers.read_line(&mut status).map_err(failed)?;
    loop {
        let mut line = String::new();
        answers.read_line(&mut line).map_err(failed)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok();
        }
    }
    let mut body = vec![0; length.ok_or_else(|| format!("no length after {status:?}"))?];
    answers.read_exact(&mut body).map_err(failed)?;
    if status.starts_with("HTTP/1.1 200 ") {
        return Ok(());
    }
    Err(format!("answered {status:?}"))
}
