//! The live line: what the system did in the last second, from its own metrics.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use mini_tempo::Store;
use reqwest::Client;

use crate::local::{self, metrics, sum};
use crate::plan::Plan;
use crate::topology::url;

/// Time between two readings.
const INTERVAL: Duration = Duration::from_secs(1);

/// Readings between two lines where no terminal rewrites them.
const QUIET_READINGS: u64 = 10;

/// Prints the line, for ever: rewritten on a terminal, a new one every 10 s elsewhere.
pub(crate) async fn show(plan: &Plan, store: &Store) -> ! {
    let live = std::io::stderr().is_terminal();
    let mut ticks = tokio::time::interval(INTERVAL);
    let client = local::client();
    let mut last = Totals::default();
    let mut quiet = Totals::default();
    let mut reading = 0;
    loop {
        reading += 1;
        ticks.tick().await;
        let Some(totals) = Totals::read(&client, plan).await else {
            continue;
        };
        let traces = store.counters().traces_stored;
        if live {
            eprint!("\r\x1b[K{}", line(&totals, &last, 1, traces));
            let _ = std::io::stderr().flush();
        } else if reading % QUIET_READINGS == 0 {
            eprintln!("{}", line(&totals, &quiet, QUIET_READINGS, traces));
            quiet = totals.clone();
        }
        last = totals;
    }
}

fn line(now: &Totals, before: &Totals, seconds: u64, traces: u64) -> String {
    let rate = |now: f64, before: f64| (now - before).max(0.0) / seconds as f64;
    let events = now.usage_events;
    let events = events.map_or(String::new(), |events| {
        format!("   {events} usage events stored")
    });
    format!(
        "{:.1} rolls/s   {:.1} errors/s   {} rolls   {} errors   {traces} traces kept{events}",
        rate(now.rolls, before.rolls),
        rate(now.errors, before.errors),
        now.rolls,
        now.errors,
    )
}

/// What was counted since the services started.
#[derive(Debug, Default, Clone)]
struct Totals {
    rolls: f64,
    errors: f64,
    /// None in a stage that stores none, and while usage-sink is away.
    usage_events: Option<f64>,
}

impl Totals {
    async fn read(client: &Client, plan: &Plan) -> Option<Self> {
        let entry = metrics(client, &url(plan.entry())).await?;
        let roller = metrics(client, &url(plan.dice_roller)).await?;
        let sink = match plan.usage_sink {
            Some(port) => metrics(client, &url(port)).await,
            None => None,
        };
        Some(Self {
            rolls: sum(&roller, "dice_rolls_total", "") + sum(&roller, "async_rolls_total", ""),
            errors: sum(&entry, "http_requests_total", "status=\"5"),
            usage_events: sink.map(|sink| sum(&sink, "usage_events_total", "outcome=\"stored\"")),
        })
    }
}
