//! `reconcile`: checks that every roll that was sent was answered, counted, traced and logged.
//!
//! It sends a seeded run of fair rolls, whose content is therefore known, and prints a
//! reconciliation: one row for each place that records rolls, with the number of missing records.
//!
//! # Other traffic
//! Spans and log lines carry trace ids, and this run began its own traces, so records with other
//! trace ids are ignored. Counters carry no trace id, because such a label would be unbounded. The
//! increments of other traffic are therefore derived from its spans. Each increment has a span (a
//! SERVER span for a request, a roll's span for a roll) that ends within milliseconds of the
//! increment; so, for each counter,
//!
//! ```text
//! ours = value after - value before - spans of other traces that ended in between
//! ```
//!
//! This is exact unless another span ended just when a value was read. Values are therefore read
//! many times before and after the run, and the chosen pair has no such span within 10 ms of either
//! reading. If traffic is too dense for such a pair, the row reports how many rolls are in doubt
//! and counts as unbalanced. As spans arrive late, a value is used only when it is some seconds old
//! (`--settle`).
//!
//! This requires synchronized clocks (one machine, or NTP to a few milliseconds) and other traffic
//! that is fully traced. Spans lost by other traffic look like rolls counted too often, never like
//! a loss.
//!
//! # Sampling
//! With `--tail-sampling`, a trace of which nothing arrives was not kept, and is not lost; of one that
//! arrives, everything must. Spans of other traffic are missing in both kinds of sampling, so that
//! counters may have increments without a span: more than expected is then attributed to others, and
//! less than expected is still a loss.
//!
//! # Order
//! `plan` draws and sends the run; `counters` lists the counters, and `attribution` separates our
//! increments from others. `values` come from `scrapes` or `prometheus`, spans from `tempo` (our
//! own are in `traces`), `lines` from files or `loki`, stored events from `usage`. `ledger` keeps
//! reading until all is balanced or the wait is over, `cost` is what the
//! rolls cost, and `reconciliation` renders the result.

mod attribution;
mod cost;
mod counters;
mod instances;
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
use self::plan::{Plan, Sent};
use self::reconciliation::Report;
use self::traces::Traces;
use crate::console::Console;
use crate::error::Error;
use crate::random::run_id;
use crate::reach::check;
use crate::request::Sender;
use crate::stop::Stop;

/// Sends the run and reconciles the records until done or until `shutdown` is ready.
///
/// # Errors
/// [`Error::NotThere`] if a required service or store cannot be reached, [`Error::Unusable`] for an
/// unexpected answer, [`Error::Usage`] if tracing is off or durations contradict each other.
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
    let sender = Sender::new(&options.frontend.url, options.request_timeout.timeout, &run);
    let mut ledger = Ledger::open(options).await?;
    console.note("reading the counters");
    ledger.read_before(&stop).await?;
    console.note(&format!("sending {} requests", plan.requests()));
    let sent = plan
        .send(&sender, options.connections, &stop, console)
        .await;
    let mut traces = Traces::of(&sent).ok_or_else(tracing_is_off)?;
    console.note(&format!(
        "reading spans, counters and lines, for up to {:?}",
        options.wait
    ));
    let rows = ledger.balance(&sent, &mut traces, &stop).await?;
    Ok(Report {
        run,
        seed,
        interrupted: stop.is_requested(),
        requests: sent.len() as u64,
        rolls: sent.iter().map(Sent::rolls_answered).sum(),
        costs: ledger.costs(&mut traces).await?,
        not_sent: plan.requests() - sent.len() as u64,
        traces_not_kept: ledger.not_kept(&traces).1,
        incomplete_traces: traces.incomplete(options.is_sampled()),
        repeated_spans: ledger.repeated_spans(&traces).await?,
        rows,
        has_lines: options.has_lines(),
        tempo: options.tempo.clone(),
    })
}

fn tracing_is_off() -> Error {
    let problem = "reconcile finds its spans and lines by trace id: enable tracing";
    Error::Usage(problem.to_owned())
}
