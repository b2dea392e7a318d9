//! `reconcile`: whether every roll that was sent was answered, counted, traced and logged.
//!
//! A seeded run of fair rolls, whose content is therefore known, and then the reconciliation: one row for
//! each place that a roll should have left a mark in, and what is missing there, in numbers.
//!
//! # Other traffic
//! Spans and log lines carry trace ids, and this run began its traces itself: what has another id
//! is not looked at. Counters carry no such mark, on purpose: a label for it would be unbounded.
//! What others added to them is therefore taken from their spans. Each increment has its span (a
//! SERVER span for a request, a roll's span for a roll), whose end lies within milliseconds of the
//! increment; so, for each counter,
//!
//! ```text
//! ours = value after - value before - spans of other traces that ended in between
//! ```
//!
//! This is exact when no other span ended just when a value was read. Values are therefore read
//! many times before and after the run, and a pair is chosen around whose readings, by 10 ms,
//! nothing ended. When traffic is so dense that there is no such pair, the row says how many rolls
//! are in doubt, and is not taken for balanced. As spans arrive late, a value is used only when it
//! is some seconds old (`--settle`).
//!
//! It needs clocks that agree (one machine, or NTP to a few milliseconds) and other traffic that is
//! traced in full. Spans that others lose look like rolls counted too often, never like a loss.
//!
//! # Order
//! `plan` draws and sends the run; `counters` says what is read, `attribution` whose it is; `values`
//! come from `scrapes` or `prometheus`, spans from `tempo` (ours are in `traces`), `lines` from files
//! or `loki`, stored events from `usage`; `ledger` keeps reading until all is balanced or the wait is over; `reconciliation` reports.

mod attribution;
mod counters;
mod ledger;
mod lines;
mod loki;
mod options;
mod plan;
mod prometheus;
mod reconciliation;
mod scrapes;
mod source;
mod tempo;
mod traces;
mod usage;
mod values;

use self::ledger::Ledger;
pub(crate) use self::options::Options;
use self::plan::Plan;
use self::reconciliation::Report;
use self::traces::Traces;
use crate::console::Console;
use crate::error::Error;
use crate::random::run_id;
use crate::reach::check;
use crate::request::Sender;
use crate::stop::Stop;

/// Sends the run and reconciles it with what it left behind, for as long as `shutdown` is not ready.
///
/// # Errors
/// [`Error::NotThere`] without a service or store that is to be read, [`Error::Unusable`] when one
/// does not answer as it should, [`Error::Usage`] when tracing is off or times do not go together.
pub(crate) async fn run(
    options: &Options,
    console: &Console,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Report, Error> {
    options.check()?;
    for needed in options.needed() {
        check(needed).await?;
    }
    let stop = Stop::when(shutdown);
    let seed = options.seed.number();
    let run = run_id();
    let plan = Plan::draw(options, seed);
    let sender = Sender::new(&options.frontend.url, options.patience.timeout, &run);
    let mut ledger = Ledger::open(options).await?;
    console.note("reading the counters");
    ledger.read_before(&stop).await?;
    console.note(&format!("sending {} requests", plan.requests()));
    let sent = plan
        .send(&sender, options.connections, &stop, console)
        .await;
    let mut traces = Traces::of(&sent).ok_or_else(tracing_is_off)?;
    console.note(&format!(
        "reading what the rolls left behind, for up to {:?}",
        options.wait
    ));
    let rows = ledger.balance(&sent, &mut traces, &stop).await?;
    Ok(Report {
        run,
        seed,
        interrupted: stop.is_requested(),
        requests: sent.len() as u64,
        not_sent: plan.requests() - sent.len() as u64,
        incomplete_traces: traces.incomplete(),
        repeated_spans: ledger.repeated_spans(&traces).await?,
        rows,
        has_lines: options.has_lines(),
        tempo: options.tempo.clone(),
    })
}

fn tracing_is_off() -> Error {
    let problem = "reconcile finds its spans and lines by trace id: leave tracing on";
    Error::Usage(problem.to_owned())
}
