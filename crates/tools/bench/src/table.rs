//! The table of what a request costs, and its bounds.

use serde::Serialize;

use crate::measure::{Goal, thousands};
use crate::programs::PATH;
use crate::variants::{Telemetry, Variant};

/// die-service, built for this machine.
pub(crate) const OURS: &str = "die-service";

/// One variant; what was not measured is missing.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    program: Variant,
    /// Instructions a request in user space.
    instructions: Option<f64>,
    loaded: Option<Loaded>,
}

/// What a variant needs under load, over all rounds.
#[derive(Debug, Serialize)]
pub(crate) struct Loaded {
    /// The server's CPU time for each request in microseconds.
    pub(crate) cpu_us: f64,
    /// Median of each round's ratio to the bare handler of the same round.
    pub(crate) cpu_of_bare: f64,
    /// Answers a second.
    pub(crate) per_second: f64,
    /// Resident memory before the load, in MB.
    pub(crate) idle_mb: f64,
    /// Resident memory after the load, in MB.
    pub(crate) loaded_mb: f64,
    /// Requests of all rounds without a span at the collector, where each has one.
    pub(crate) spans_lost: Option<f64>,
    /// OTLP for each span, in bytes.
    pub(crate) span_bytes: Option<f64>,
}

/// Joins what was measured of each variant.
pub(crate) fn rows(
    variants: &[Variant],
    instructions: &[Option<f64>],
    loaded: Vec<Loaded>,
) -> Vec<Row> {
    let mut loaded = loaded.into_iter();
    let rows = variants.iter().enumerate().map(|(index, variant)| Row {
        program: variant.clone(),
        instructions: instructions.get(index).copied().flatten(),
        loaded: loaded.next(),
    });
    rows.collect()
}

/// Prints the rows, the first of which is the baseline.
pub(crate) fn print(rows: &[Row]) {
    const TITLES: [&str; 9] = [
        "instructions",
        "of bare",
        "CPU µs",
        "of bare",
        "answers/s",
        "idle MB",
        "loaded MB",
        "spans lost",
        "bytes/span",
    ];
    println!();
    line(&format!("GET {PATH}"), TITLES.map(str::to_owned));
    let bare = rows.first().and_then(|row| row.instructions);
    for row in rows {
        line(&row.program.to_string(), row.cells(bare));
    }
}

fn line(name: &str, cells: [String; 9]) {
    let [a, b, c, d, e, f, g, h, i] = cells;
    println!("{name:<39} {a:>12} {b:>7} {c:>7} {d:>7} {e:>9} {f:>7} {g:>9} {h:>10} {i:>10}");
}

/// The number with so many decimals, or a dash.
fn cell(number: Option<f64>, decimals: usize) -> String {
    number.map_or_else(|| "-".to_owned(), |it| format!("{it:.decimals$}"))
}

impl Row {
    fn ratio(&self, bare: Option<f64>) -> Option<f64> {
        self.instructions.zip(bare).map(|(it, bare)| it / bare)
    }

    fn cells(&self, bare: Option<f64>) -> [String; 9] {
        let of = |value: fn(&Loaded) -> f64| self.loaded.as_ref().map(value);
        let whole = self.instructions.map(|it| thousands(it.round() as u64));
        [
            whole.unwrap_or_else(|| cell(None, 0)),
            cell(self.ratio(bare), 2),
            cell(of(|it| it.cpu_us), 1),
            cell(of(|it| it.cpu_of_bare), 2),
            cell(of(|it| it.per_second), 0),
            cell(of(|it| it.idle_mb), 1),
            cell(of(|it| it.loaded_mb), 1),
            cell(self.loaded.as_ref().and_then(|it| it.spans_lost), 0),
            cell(self.loaded.as_ref().and_then(|it| it.span_bytes), 0),
        ]
    }
}

/// The bounds of die-service: instructions and CPU time of bare, memory, lost spans.
pub(crate) fn goals(rows: &[Row]) -> Vec<Goal> {
    let bare = rows.first().and_then(|row| row.instructions);
    let ours = rows.iter().filter(|row| row.program.name == OURS);
    ours.flat_map(|row| row.goals(bare)).collect()
}

impl Row {
    fn goals(&self, bare: Option<f64>) -> Vec<Goal> {
        let (instructions, cpu) = bounds(self.program.telemetry);
        let goal = |what: &str, value, bound| {
            Goal::at_most(format!("{what}: {}", self.program), value, bound)
        };
        let mut goals = Vec::new();
        if let Some(ratio) = self.ratio(bare) {
            goals.push(goal("instructions of bare", ratio, instructions));
        }
        if let Some(loaded) = &self.loaded {
            goals.push(goal("CPU of bare", loaded.cpu_of_bare, cpu));
            goals.push(goal("memory after the load, MB", loaded.loaded_mb, 13.0));
            let lost = loaded.spans_lost;
            goals.extend(lost.map(|lost| goal("spans lost", lost, 0.0)));
        }
        goals
    }
}

/// The largest ratios to the bare handler: instructions, CPU time.
fn bounds(telemetry: Telemetry) -> (f64, f64) {
    match telemetry {
        Telemetry::Traces(share) if share < 1.0 => (1.5, 1.3),
        Telemetry::Traces(_) => (2.9, 1.7),
        _ => (1.3, 1.25),
    }
}
