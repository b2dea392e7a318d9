//! The live line: the rates of the last second, from the system's own metrics.

use std::collections::BTreeMap;
use std::time::Duration;

use mini_tempo::Store;
use signals::Reader;
use signals::exposition::Exposition;
use stages::Component;

use crate::local::reader;
use crate::plan::Plan;
use crate::terminal::{columns, draw, has_live_line, say};

/// Time between two readings.
const INTERVAL: Duration = Duration::from_secs(1);

/// Readings between two lines if the terminal cannot rewrite a line.
const QUIET_READINGS: u64 = 10;

/// The separator between two parts of the line.
const GAP: &str = "   ";

/// Prints the line forever: redrawn every second on a terminal without `lines`, a new line every
/// 10 s elsewhere.
pub(crate) async fn show(plan: &Plan, store: &Store, lines: bool) -> ! {
    let live = has_live_line(lines);
    let mut ticks = tokio::time::interval(INTERVAL);
    let services = Services::of(plan);
    let mut last = Totals::default();
    let mut quiet = Totals::default();
    let mut reading = 0;
    loop {
        reading += 1;
        ticks.tick().await;
        let Some(totals) = services.read().await else {
            continue;
        };
        let traces = store.counters().traces_stored;
        if live {
            // The last column would make some terminals begin a new row.
            let room = columns().saturating_sub(1);
            draw(&fitted(&parts(&totals, &last, 1, traces), room));
        } else if reading % QUIET_READINGS == 0 {
            say(&fitted(
                &parts(&totals, &quiet, QUIET_READINGS, traces),
                usize::MAX,
            ));
            quiet = totals.clone();
        }
        last = totals;
    }
}

/// A part of the line, and its priority for omission if there is no room: the highest goes first.
type Part = (u8, String);

fn parts(now: &Totals, before: &Totals, seconds: u64, traces: u64) -> Vec<Part> {
    let rate = |now: f64, before: f64| (now - before).max(0.0) / seconds as f64;
    let mut parts = vec![
        (0, format!("{:.1} rolls/s", rate(now.rolls, before.rolls))),
        (
            1,
            format!("{:.1} errors/s", rate(now.errors, before.errors)),
        ),
        (3, format!("{} rolls", now.rolls)),
        (4, format!("{} errors", now.errors)),
        (5, format!("{traces} traces kept")),
    ];
    let events = now.usage_events;
    parts.extend(events.map(|events| (2, format!("{events} usage events stored"))));
    parts
}

/// The parts that fit into `room` columns.
fn fitted(parts: &[Part], room: usize) -> String {
    let line = |last: u8| {
        let kept = parts.iter().filter(|(order, _)| *order <= last);
        let kept: Vec<&str> = kept.map(|(_, part)| part.as_str()).collect();
        kept.join(GAP)
    };
    let lines = (0..=5).rev().map(line);
    let fitting = lines.into_iter().find(|line| line.chars().count() <= room);
    fitting.unwrap_or_else(|| line(0).chars().take(room).collect())
}

fn is_server_error(labels: &BTreeMap<String, String>) -> bool {
    labels
        .get("status")
        .is_some_and(|status| status.starts_with('5'))
}

/// Counts since the services started.
#[derive(Debug, Default, Clone)]
struct Totals {
    rolls: f64,
    errors: f64,
    /// None in a stage without usage events, and while usage-sink is unavailable.
    usage_events: Option<f64>,
}

/// The services to read from.
struct Services {
    entry: Reader,
    dice_roller: Reader,
    usage_sink: Option<Reader>,
}

impl Services {
    fn of(plan: &Plan) -> Self {
        Self {
            entry: reader(&plan.entry()),
            dice_roller: reader(&plan.dice_roller()),
            usage_sink: plan.url(Component::UsageSink).as_deref().map(reader),
        }
    }

    /// None while a required service is unavailable.
    async fn read(&self) -> Option<Totals> {
        let entry = Exposition::scrape(&self.entry).await.ok()?;
        let roller = Exposition::scrape(&self.dice_roller).await.ok()?;
        let sink = match &self.usage_sink {
            Some(sink) => Exposition::scrape(sink).await.ok(),
            None => None,
        };
        let rolls = ["dice_rolls_total", "async_rolls_total"];
        let requests = entry.select("http_requests_total", &[]);
        let errors = requests.filter(|sample| is_server_error(&sample.labels));
        Some(Totals {
            rolls: rolls.iter().filter_map(|name| roller.sum(name, &[])).sum(),
            errors: errors.map(|sample| sample.value).sum(),
            usage_events: sink
                .and_then(|sink| sink.sum("usage_events_total", &[("outcome", "stored")])),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_shows_what_matters_most() {
        let totals = Totals {
            rolls: 123_456.0,
            errors: 1234.0,
            usage_events: Some(5678.0),
        };
        let parts = parts(&totals, &Totals::default(), 1_000, 999);
        let expected = [
            (
                200,
                "123.5 rolls/s   1.2 errors/s   123456 rolls   1234 errors   999 traces kept   5678 usage events stored",
            ),
            (
                79,
                "123.5 rolls/s   1.2 errors/s   123456 rolls   5678 usage events stored",
            ),
            (
                60,
                "123.5 rolls/s   1.2 errors/s   5678 usage events stored",
            ),
            (39, "123.5 rolls/s   1.2 errors/s"),
            (20, "123.5 rolls/s"),
            (5, "123.5"),
        ];
        for (room, line) in expected {
            assert_eq!(fitted(&parts, room), line, "in {room} columns");
        }
    }
}
