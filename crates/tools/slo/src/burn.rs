//! The rules of one objective: recorded rates and ratios for each window, the budget, and the
//! alerts on a budget that is spent too fast.
//!
//! An alert needs a minimum of events in its long window, so that a single bad one never fires it:
//! one of `n` events is a ratio of `1 / n`, which exceeds the threshold `factor * budget` only if
//! `n` is below `1 / (factor * budget)`. If `k` bad events are tolerated, it needs `k` times as many.

mod limits;

pub use limits::{Refused, check, check_window, least_events};

use crate::alert::{Alert, Severity};
use crate::clock::{Burn, Clock, Span};
use crate::declared::Slo;
use crate::rules::{Group, Record, Rule};

/// The groups of rules of an objective: one for short windows and pages, one for long windows, the
/// budget and tickets.
///
/// # Errors
/// [`Refused`], if an alert cannot work.
pub(crate) fn groups(clock: Clock, slo: &Slo) -> Result<[Group; 2], Refused> {
    let burns: Vec<&Burn> = slo.burns(clock).collect();
    for burn in &burns {
        check(slo.alert, slo.objective, burn)?;
        check_window(slo.alert, burn.short, clock.scrape())?;
    }
    let longest_fast = clock.burns()[1].long;
    let (fast, slow): (Vec<_>, Vec<_>) = windows(clock)
        .into_iter()
        .partition(|window| *window <= longest_fast);
    let record = |windows: Vec<Span>| windows.into_iter().flat_map(|it| window(slo, it));
    let of = |severity| {
        alert(
            slo,
            burns.iter().copied().filter(|it| it.severity == severity),
        )
    };
    Ok([
        Group {
            name: format!("slo-{}-fast", slo.name),
            interval: clock.interval(),
            rules: record(fast).chain(of(Severity::Page)).collect(),
        },
        Group {
            name: format!("slo-{}-slow", slo.name),
            interval: clock.slow_interval(),
            rules: record(slow)
                .chain(budget(clock, slo))
                .chain(of(Severity::Ticket))
                .collect(),
        },
    ])
}

/// Every window of the clock's alerts, in ascending order.
fn windows(clock: Clock) -> Vec<Span> {
    let burns = clock.burns().iter();
    let mut windows: Vec<Span> = burns.flat_map(|burn| [burn.short, burn.long]).collect();
    windows.sort_unstable();
    windows.dedup();
    windows
}

/// Valid events and bad events per second within a window, and the share of the bad ones.
fn window(slo: &Slo, window: Span) -> [Rule; 3] {
    let written = window.to_string();
    let labels = vec![("slo", slo.name.to_owned()), ("window", written.clone())];
    let record = |name: &'static str, expr: String| {
        Rule::Record(Record {
            name,
            labels: labels.clone(),
            expr,
        })
    };
    let of = |name: &str| series(name, slo, window);
    [
        record("slo:events:rate", (slo.valid)(&written)),
        record("slo:bad_events:rate", (slo.bad)(&written)),
        record(
            "slo:bad_events:ratio",
            format!(
                "{}\n/\n({} > 0)",
                of("slo:bad_events:rate"),
                of("slo:events:rate")
            ),
        ),
    ]
}

fn series(name: &str, slo: &Slo, window: Span) -> String {
    format!(r#"{name}{{slo="{}",window="{window}"}}"#, slo.name)
}

/// The budget over the period. The rates of the base window are summed up, which weighs each moment
/// by its traffic.
fn budget(clock: Clock, slo: &Slo) -> Vec<Rule> {
    let (base, period) = (clock.base(), clock.period());
    let name = slo.name;
    let record = |record: &'static str, expr: String| {
        Rule::Record(Record {
            name: record,
            labels: vec![("slo", name.to_owned())],
            expr,
        })
    };
    let sum = |of: &str| format!("sum_over_time({}[{period}])", series(of, slo, base));
    let own = |of: &str| format!(r#"{of}{{slo="{name}"}}"#);
    let bare = |of: String| format!("max by (slo) ({of})");
    let (step, budget) = (clock.interval(), slo.objective.budget());
    vec![
        record(
            "slo:objective:ratio",
            format!("vector({})", slo.objective.share()),
        ),
        record("slo:error_budget:ratio", format!("vector({budget})")),
        record(
            "slo:period_bad_events:ratio",
            bare(format!(
                "{} / ({} > 0)",
                sum("slo:bad_events:rate"),
                sum("slo:events:rate")
            )),
        ),
        // How much of the period has been observed: a young system has not spent the budget of a
        // whole period just because all of its few minutes were bad.
        record(
            "slo:observed_period:ratio",
            bare(format!(
                "clamp_max(count_over_time({}[{period}]) * {} / {}, 1)",
                series("slo:events:rate", slo, base),
                step.0,
                period.0
            )),
        ),
        record(
            "slo:budget_left:ratio",
            format!(
                "1 - {} * {} / {budget}",
                own("slo:period_bad_events:ratio"),
                own("slo:observed_period:ratio")
            ),
        ),
        record(
            "slo:burn_rate:ratio",
            bare(format!(
                "{} / {budget}",
                series("slo:bad_events:ratio", slo, clock.burns()[1].long)
            )),
        ),
        // At a burn rate of 1 or less the budget of a rolling period does not run out.
        record(
            "slo:budget_exhaustion:seconds",
            format!(
                "clamp_min({}, 0) * {} / ({} > 1)",
                own("slo:budget_left:ratio"),
                period.0,
                own("slo:burn_rate:ratio")
            ),
        ),
    ]
}

/// The alert of one severity: one of its burn rates is exceeded. None without burn rates.
fn alert<'a>(slo: &Slo, burns: impl Iterator<Item = &'a Burn>) -> Option<Rule> {
    let burns: Vec<&Burn> = burns.collect();
    let severity = burns.first()?.severity;
    let pairs: Vec<String> = burns.iter().map(|burn| exceeded(slo, burn)).collect();
    let speeds = burns.iter().map(|burn| {
        let (factor, long, short) = (burn.factor(), burn.long, burn.short);
        format!("over {long} and {short} more than {factor} times as fast as the objective allows")
    });
    let speeds: Vec<String> = speeds.collect();
    Some(Rule::Alert(Alert {
        name: slo.alert,
        severity,
        slo: Some(slo.name),
        expr: format!(
            "max by (slo) (\n  {}\n)",
            pairs.join("\n  or ignoring (window)\n  ")
        ),
        wait: None,
        summary: format!("{{{{ $value | humanizePercentage }}}} of {}", slo.symptom),
        description: format!(
            "Objective: {}. The error budget is being spent {}.",
            slo.promise,
            speeds.join(", or ")
        ),
    }))
}

/// The bad ratio exceeds the threshold over both windows, and there are enough events.
fn exceeded(slo: &Slo, burn: &Burn) -> String {
    let threshold = format!("{} * {}", burn.factor(), slo.objective.budget());
    let ratio = |window| series("slo:bad_events:ratio", slo, window);
    format!(
        "(\n    {} > {threshold}\n    and ignoring (window)\n    {} > {threshold}\n    and\n    {} * {} >= {}\n  )",
        ratio(burn.long),
        ratio(burn.short),
        series("slo:events:rate", slo, burn.long),
        burn.long.0,
        least_events(slo.objective, burn) * slo.tolerated,
    )
}
