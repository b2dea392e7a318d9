//! Reads all sources repeatedly until they agree with what was sent or the wait is over.

use std::collections::HashSet;
use std::time::{Duration, Instant, SystemTime};

use super::Options;
use super::cost::{Cost, Moment, costs};
use super::counters::{COUNTERS, Unit};
use super::lines::{BATCH_ROLL, LineCounter, ROLL};
use super::plan::Sent;
use super::reconciliation::Row;
use super::source::nanos;
use super::tempo::{Spans, Tempo};
use super::traces::Traces;
use super::usage::UsageEvents;
use super::values::Values;
use crate::error::Error;
use crate::request::Request;
use crate::stop::Stop;

/// Pause between two rounds of reading.
const ROUND: Duration = Duration::from_millis(500);

/// How long before the first reading a trace of other traffic may have begun and still be running,
/// in nanoseconds: slightly longer than the frontend's timeout.
const LONGEST_TRACE: u64 = 15_000_000_000;

/// When a collector with tail sampling has decided on all traces, and sent those that it keeps.
const DECIDED: Duration = Duration::from_secs(10);

/// All sources.
pub(super) struct Ledger {
    values: Values,
    tempo: Tempo,
    lines: LineCounter,
    /// None if log lines are not checked.
    usage: Option<UsageEvents>,
    wait: Duration,
    settle: Duration,
    /// Whether not every trace is kept.
    sampled: bool,
    /// The number of spans that the trace store had received twice before the run, if it counts
    /// them.
    twice_before: Option<u64>,
    before: Moment,
}

/// What was sent, in the units of the records.
#[derive(Debug, Default)]
struct Expected {
    requests: u64,
    rolls: u64,
    batch_rolls: u64,
    answered: u64,
}

impl Ledger {
    pub(super) async fn open(options: &Options) -> Result<Self, Error> {
        let usage = match &options.usage_database_url {
            Some(url) => Some(UsageEvents::open(url).await?),
            None => None,
        };
        Ok(Self {
            usage,
            values: Values::new(options),
            tempo: Tempo::new(&options.tempo),
            lines: LineCounter::open(options)?,
            wait: options.wait,
            settle: options.settle,
            sampled: options.is_sampled(),
            twice_before: None,
            before: Moment::default(),
        })
    }

    /// Reads the counters before the run.
    pub(super) async fn read_before(&mut self, stop: &Stop) -> Result<(), Error> {
        self.twice_before = self.tempo.received_twice().await?;
        self.before = self.moment().await?;
        self.values.read_before(self.wait, stop).await
    }

    /// Reads until all rows are balanced, the wait is over, or the run is stopped. What is too busy
    /// to answer is asked again until then.
    pub(super) async fn balance(
        &mut self,
        sent: &[Sent],
        traces: &mut Traces,
        stop: &Stop,
    ) -> Result<Vec<Row>, Error> {
        let expected = Expected::of(sent);
        let end = nanos(SystemTime::now());
        let begun = Instant::now();
        let deadline = begun + self.wait;
        loop {
            let round = self.round(&expected, end, traces).await;
            let is_last = match &round {
                // Until then, a trace that is not kept looks like one that is late.
                Ok(_) if self.sampled && begun.elapsed() < DECIDED => false,
                Ok(rows) => rows.iter().all(Row::is_balanced),
                Err(error) => !error.is_busy(),
            };
            if is_last || Instant::now() >= deadline || !stop.sleep(ROUND).await {
                return round;
            }
        }
    }

    /// Reads everything once; `end` is when the run ended.
    async fn round(
        &mut self,
        expected: &Expected,
        end: u64,
        traces: &mut Traces,
    ) -> Result<Vec<Row>, Error> {
        let ours = traces.ids();
        self.values.read_after(end).await?;
        self.lines.read(self.values.begin()).await?;
        traces.read(&self.tempo).await?;
        if let Some(usage) = &mut self.usage {
            usage.read(&ours).await?;
        }
        self.rows(expected, &ours, traces).await
    }

    /// Spans received twice: those of the run if the store keeps duplicates, otherwise the store's
    /// own count.
    pub(super) async fn repeated_spans(&self, traces: &Traces) -> Result<u64, Error> {
        let now = self.tempo.received_twice().await?.unwrap_or_default();
        let before = self.twice_before.unwrap_or_default();
        Ok(traces.repeated() + now.saturating_sub(before))
    }

    /// What the run cost each service.
    pub(super) async fn costs(&mut self, traces: &mut Traces) -> Result<Vec<Cost>, Error> {
        let deadline = Instant::now() + self.wait;
        while let Err(error) = traces.read_again(&self.tempo).await {
            if !error.is_busy() || Instant::now() >= deadline {
                return Err(error);
            }
            tokio::time::sleep(ROUND).await;
        }
        let after = self.moment().await?;
        let moments = (&self.before, &after);
        let written = self.lines.written(self.values.begin()).await?;
        Ok(costs(&traces.ids(), &traces.by_service(), written, moments))
    }

    async fn moment(&self) -> Result<Moment, Error> {
        Ok(Moment {
            scrapes: self.values.sizes().await,
            received: self.tempo.received_bytes().await?,
        })
    }

    /// One row for each place, in the order of a roll's path.
    async fn rows(
        &self,
        expected: &Expected,
        ours: &HashSet<String>,
        traces: &Traces,
    ) -> Result<Vec<Row>, Error> {
        let row = |hop, mark: &str, unit, found: u64| {
            let found = i64::try_from(found).unwrap_or(i64::MAX);
            Row::new(hop, mark, unit).with(expected.of_unit(unit), Some(found))
        };
        let mut rows = vec![row(
            "traffic-gen",
            "answers",
            Unit::AnyRoll,
            expected.answered,
        )];
        rows.extend(self.counter_rows(expected, ours).await?);
        let spans = traces.found();
        let (missing, _) = self.not_kept(traces);
        let spans = [
            ("frontend", Unit::Request, spans.frontend, missing.frontend),
            ("dice-roller", Unit::AnyRoll, spans.rolls, missing.rolls),
            (
                "die-service",
                Unit::Request,
                spans.die_service,
                missing.die_service,
            ),
        ];
        let spans = spans.into_iter();
        rows.extend(
            spans
                .map(|(hop, unit, found, missing)| row(hop, "spans", unit, found).without(missing)),
        );
        if let Some(lines) = self.lines.of(ours) {
            let quoted = |message| format!("lines {message:?}");
            rows.extend([
                row("dice-roller", &quoted(ROLL), Unit::Roll, lines.rolls),
                row(
                    "dice-roller",
                    &quoted(BATCH_ROLL),
                    Unit::BatchRoll,
                    lines.batch_rolls,
                ),
            ]);
        }
        rows.extend(self.usage.as_ref().map(|usage| {
            let row = Row::new("usage-sink", "rows in PostgreSQL", Unit::Request);
            row.with_stored(expected.requests, usage.stored())
        }));
        Ok(rows)
    }

    /// What is expected of traces that were not kept, and how many these are.
    pub(super) fn not_kept(&self, traces: &Traces) -> (Spans, u64) {
        match self.sampled {
            true => traces.absent(),
            false => (Spans::default(), 0),
        }
    }

    async fn counter_rows(
        &self,
        expected: &Expected,
        ours: &HashSet<String>,
    ) -> Result<Vec<Row>, Error> {
        let from = self.values.begin().saturating_sub(LONGEST_TRACE);
        let to = nanos(SystemTime::now());
        let settled = nanos(SystemTime::now() - self.settle);
        let mut rows = Vec::new();
        for (index, counter) in COUNTERS.iter().enumerate() {
            let others = self.tempo.others(counter, ours, from, to).await?;
            let attributed = self.values.attributed(index, &others, settled);
            let row = Row::new(counter.service, counter.metric, counter.unit);
            let expected = expected.of_unit(counter.unit);
            let mut row = row.with(expected, attributed.map(|attributed| attributed.ours));
            row.others = attributed.map(|attributed| attributed.others);
            row.in_doubt = attributed.map_or(0, |attributed| attributed.in_doubt);
            // Others have increments without a span that is kept.
            rows.push(match self.sampled {
                true => row.without_surplus(),
                false => row,
            });
        }
        Ok(rows)
    }
}

impl Expected {
    fn of(sent: &[Sent]) -> Self {
        let mut expected = Self::default();
        for sent in sent {
            expected.requests += 1;
            expected.answered += sent.rolls_answered();
            match sent.request {
                Request::Page | Request::SignIn { .. } | Request::SignOut => {}
                Request::Roll { .. } => expected.rolls += 1,
                Request::Batch { size, .. } => expected.batch_rolls += u64::from(size.get()),
            }
        }
        expected
    }

    fn of_unit(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Request => self.requests,
            Unit::Roll => self.rolls,
            Unit::BatchRoll => self.batch_rolls,
            Unit::AnyRoll => self.rolls + self.batch_rolls,
        }
    }
}
