//! Runs the hops in order. All but the first and the last two follow one roll; without it they are
//! skipped.

use std::time::Instant;

use signals::Reader;
use signals::alertmanager::Alertmanager;
use signals::exposition::Exposition;
use signals::loki::Loki;
use signals::prometheus::Prometheus;
use signals::tempo::Tempo;
use url::Url;

use crate::advice::Kind;
use crate::ask::TIMEOUT;
use crate::cli::{Cli, Part};
use crate::hops::{self, Backlog, Losses, Roll};
use crate::report::{Finding, Report, State};

/// The state that every hop needs.
pub(crate) struct Doctor<'a> {
    pub(crate) cli: &'a Cli,
    pub(crate) kind: Kind,
    reader: Reader,
}

impl Doctor<'_> {
    /// A client for the server at `base`.
    pub(crate) fn reader(&self, base: Url) -> Reader {
        self.reader.at(base)
    }

    /// The samples of `/metrics` of the service at `base`.
    pub(crate) async fn metrics(&self, service: &str, base: &Url) -> Result<Exposition, Finding> {
        let metrics = Exposition::scrape(&self.reader(base.clone())).await;
        metrics.map_err(|error| self.kind.no_answer(service, &error))
    }

    pub(crate) fn tempo(&self) -> Tempo {
        Tempo::new(self.reader(self.cli.tempo_url.clone()))
    }

    pub(crate) fn prometheus(&self) -> Prometheus {
        Prometheus::new(self.reader(self.cli.prometheus_url.clone()))
    }

    pub(crate) fn alertmanager(&self) -> Alertmanager {
        Alertmanager::new(self.reader(self.cli.alertmanager_url.clone()))
    }

    pub(crate) fn loki(&self) -> Loki {
        Loki::new(self.reader(self.cli.loki_url.clone()))
    }
}

/// Examines all hops, continuing after broken ones.
pub(crate) async fn examine(cli: &Cli) -> Report {
    let doctor = Doctor {
        cli,
        kind: Kind::of(cli),
        reader: Reader::new(cli.dice_roller(), TIMEOUT),
    };
    let mut report = Report::default();
    timed(&mut report, "services healthy", hops::services(&doctor)).await;

    let before = Before::look(&doctor).await;
    let start = Instant::now();
    let (rolled, roll) = match hops::roll(&doctor).await {
        Ok((saw, roll)) => (Ok(saw), Some(roll)),
        Err(finding) => (Err(finding), None),
    };
    report.add("one roll", start.elapsed(), rolled);
    match roll {
        Some(roll) => {
            report.follow(&roll.trace_id);
            follow(&doctor, &mut report, before, &roll).await;
        }
        None => {
            let stored = cli.usage_sink().map(|_| STORED);
            let hops = [COUNTED, SCRAPED, TRACED, LOGGED, HANDED_ON].into_iter();
            for hop in hops.chain(stored).chain([EXEMPLAR, NOTHING_LOST]) {
                report.pass_over(hop, State::NotReached, "there is no roll to follow");
            }
        }
    }

    if cli.has(Part::Alertmanager) {
        timed(&mut report, ALERTED, hops::alerted(&doctor)).await;
    } else {
        report.pass_over(ALERTED, State::NotPart, "this run has no Alertmanager");
    }
    if cli.has(Part::Grafana) {
        timed(&mut report, PROVISIONED, hops::dashboards(&doctor)).await;
    } else {
        report.pass_over(PROVISIONED, State::NotPart, "this run has no Grafana");
    }
    report
}

const COUNTED: &str = "counter moved";
const SCRAPED: &str = "scraped by Prometheus";
const TRACED: &str = "trace in Tempo";
const LOGGED: &str = "log lines in Loki";
const HANDED_ON: &str = "handed on by Alloy";
const STORED: &str = "usage event stored";
const EXEMPLAR: &str = "exemplar in Prometheus";
const NOTHING_LOST: &str = "nothing lost on the way";
const ALERTED: &str = "alerts in Alertmanager";
const PROVISIONED: &str = "dashboards in Grafana";

/// The counters before the roll.
struct Before {
    rolls: Result<f64, Finding>,
    losses: Losses,
    /// Alloy's retries so far, if the run has Alloy.
    retries: Option<Result<Backlog, Finding>>,
    /// The URL of usage-sink and its number of rolls, if the stage has it.
    usage: Option<(Url, Result<f64, Finding>)>,
}

impl Before {
    async fn look(doctor: &Doctor<'_>) -> Self {
        let usage = match doctor.cli.usage_sink() {
            Some(sink) => {
                let stored = hops::rolls_stored(doctor, &sink).await;
                Some((sink, stored))
            }
            None => None,
        };
        let rolls = hops::rolls_counted(doctor).await;
        let retries = match doctor.cli.has(Part::Alloy) {
            true => Some(hops::backlog(doctor).await),
            false => None,
        };
        Self {
            rolls,
            losses: hops::losses(doctor).await,
            retries,
            usage,
        }
    }
}

async fn follow(doctor: &Doctor<'_>, report: &mut Report, before: Before, roll: &Roll) {
    timed(report, COUNTED, hops::counted(doctor, before.rolls)).await;
    if doctor.cli.has(Part::Prometheus) {
        timed(report, SCRAPED, hops::scraped(doctor)).await;
    } else {
        report.pass_over(SCRAPED, State::NotPart, "this run has no Prometheus");
    }
    let traced = trace(doctor, report, roll).await;
    if doctor.cli.drops_lines() {
        let levels = &doctor.cli.dropped_log_levels;
        let why = format!("Alloy drops the lines of a roll: levels {levels}");
        report.pass_over(LOGGED, State::NotKept, &why);
    } else if doctor.cli.has(Part::Loki) {
        timed(report, LOGGED, hops::logged(doctor, roll)).await;
    } else {
        report.pass_over(LOGGED, State::NotPart, "this run has no Loki");
    }
    match before.retries {
        Some(before) => {
            timed(report, HANDED_ON, hops::handed_on(doctor, before)).await;
        }
        None => report.pass_over(HANDED_ON, State::NotPart, "this run has no Alloy"),
    }
    if let Some((sink, stored)) = before.usage {
        timed(report, STORED, hops::stored(doctor, &sink, stored)).await;
    }
    if !doctor.cli.has(Part::Prometheus) {
        report.pass_over(EXEMPLAR, State::NotPart, "this run has no Prometheus");
    } else if !traced {
        report.pass_over(
            EXEMPLAR,
            match doctor.cli.is_sampled() {
                true => State::NotKept,
                false => State::NotReached,
            },
            "it is generated from the trace",
        );
    } else {
        timed(report, EXEMPLAR, hops::exemplar(doctor, roll)).await;
    }
    timed(
        report,
        NOTHING_LOST,
        hops::nothing_lost(doctor, before.losses),
    )
    .await;
}

/// Looks for the trace; returns whether it is there.
async fn trace(doctor: &Doctor<'_>, report: &mut Report, roll: &Roll) -> bool {
    let start = Instant::now();
    let found = match hops::traced(doctor, roll).await {
        Ok(Some(saw)) => Ok(saw),
        Ok(None) => {
            let why = "sampling is on, and this trace is not among those that are kept";
            report.pass_over(TRACED, State::NotKept, why);
            return false;
        }
        Err(finding) => Err(finding),
    };
    let there = found.is_ok();
    report.add(TRACED, start.elapsed(), found);
    there
}

/// Examines one hop; returns whether it works.
async fn timed(
    report: &mut Report,
    hop: &'static str,
    examination: impl Future<Output = Result<String, Finding>>,
) -> bool {
    let start = Instant::now();
    let found = examination.await;
    let works = found.is_ok();
    report.add(hop, start.elapsed(), found);
    works
}
