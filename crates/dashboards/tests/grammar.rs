//! LogQL and TraceQL, parsed with the grammars that Grafana's own editors use.
//!
//! They are npm packages, so this needs `node` and `npm`; `npm ci` is run once.

mod support;

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::board::boards;
use support::interpolate::Values;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/grammar");

#[test]
fn every_query_parses() {
    let mut places = Vec::new();
    let mut queries = Vec::new();
    for board in boards() {
        let values = Values::an_hour(board.variables());
        let logql = board.logql().into_iter().map(|query| ("logql", query));
        let traceql = board.traceql().into_iter().map(|query| ("traceql", query));
        for (language, (title, query)) in logql.chain(traceql) {
            places.push(format!("{}: {title}: {query}", board.file));
            queries.push(json!({ "language": language, "query": values.fill(&query) }));
        }
    }
    let Some(errors) = first_errors(&queries) else {
        return;
    };
    let broken: Vec<_> = places
        .iter()
        .zip(&errors)
        .filter(|(_, error)| !error.is_null())
        .map(|(place, error)| format!("{place}\n  stops at {error}"))
        .collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    assert!(queries.len() > 50, "only {} queries found", queries.len());
}

#[test]
fn the_specifications_mistakes_are_found() {
    let wrong = [
        (
            "traceql",
            r#"{service.name="dice-roller"} | json | span_name =~ "async_roll_.*""#,
        ),
        (
            "traceql",
            r#"{service.name="dice-roller"} | json | async.batch_size > 5"#,
        ),
        (
            "traceql",
            r#"service.name="dice-roller" AND span.name contains "async""#,
        ),
        ("logql", "{container_name=dice-roller}"),
        (
            "logql",
            r#"{container_name="dice-roller"} | json | message contains "Async""#,
        ),
    ];
    let queries = wrong.map(|(language, query)| json!({ "language": language, "query": query }));
    let Some(errors) = first_errors(&queries) else {
        return;
    };
    for ((_, query), error) in wrong.iter().zip(errors) {
        assert!(!error.is_null(), "accepted: {query}");
    }
}

/// For each query the text from its first error on, or null; none when node is missing.
fn first_errors(queries: &[Value]) -> Option<Vec<Value>> {
    match install().and_then(|()| check(queries)) {
        Ok(errors) => Some(errors),
        Err(error) if std::env::var_os("CI").is_some() => panic!("{error}"),
        Err(error) => {
            println!("skipped: the grammars of LogQL and TraceQL need node and npm: {error}");
            None
        }
    }
}

/// Puts the grammars beside the script, unless they are there. One process at a time.
fn install() -> io::Result<()> {
    let lock = File::open(Path::new(FOLDER).join("package-lock.json"))?;
    lock.lock()?;
    if Path::new(FOLDER)
        .join("node_modules/.package-lock.json")
        .exists()
    {
        return Ok(());
    }
    let npm = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(FOLDER)
        .output()?;
    match npm.status.success() {
        true => Ok(()),
        false => Err(io::Error::other(String::from_utf8_lossy(&npm.stderr))),
    }
}

fn check(queries: &[Value]) -> io::Result<Vec<Value>> {
    let mut node = Command::new("node")
        .arg("check.mjs")
        .current_dir(FOLDER)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = node.stdin.take().expect("it is piped");
    input.write_all(Value::from(queries).to_string().as_bytes())?;
    drop(input);
    let output = node.wait_with_output()?;
    serde_json::from_slice(&output.stdout).map_err(io::Error::other)
}
