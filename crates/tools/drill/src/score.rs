//! What an answer is worth: 100 points at most, with partial credit for each part.

use std::time::{Duration, SystemTime};

use faults::{Fault, Kind};

use crate::answer::Answer;

/// For the right service.
pub(crate) const SERVICE: u32 = 40;
/// For the right kind.
pub(crate) const KIND: u32 = 30;
/// For the right time.
pub(crate) const SINCE: u32 = 30;
/// What a hint costs.
pub(crate) const HINT: u32 = 10;

/// An answer within this time costs nothing.
const IN_TIME: Duration = Duration::from_secs(5 * 60);

/// At most this is taken off for the time: one point for each further minute.
const LATE: u32 = 20;

/// Points for a time that is off by at most so many seconds.
const CLOSE: [(u64, u32); 3] = [(60, SINCE), (120, 20), (300, 10)];

/// Kinds that look alike: an answer with the other one gets half of the points.
const ALIKE: [[Kind; 2]; 6] = [
    [Kind::Errors, Kind::Release],
    [Kind::Latency, Kind::Saturation],
    [Kind::Latency, Kind::Retries],
    [Kind::Memory, Kind::Saturation],
    [Kind::Saturation, Kind::Stuck],
    [Kind::Errors, Kind::Saturation],
];

/// What is true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Truth {
    /// None if nothing was wrong.
    pub(crate) fault: Option<Fault>,
    /// When the fault began.
    pub(crate) began: SystemTime,
}

/// The points of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Score {
    pub(crate) service: u32,
    pub(crate) kind: u32,
    pub(crate) since: u32,
    /// Taken off for hints.
    pub(crate) hints: u32,
    /// Taken off for the time.
    pub(crate) late: u32,
}

impl Score {
    /// The points of `answer`, given at `now` after so many hints.
    pub(crate) fn of(answer: &Answer, truth: &Truth, now: SystemTime, hints: usize) -> Self {
        let took = now.duration_since(truth.began).unwrap_or_default();
        let late = took.saturating_sub(IN_TIME).as_secs().div_ceil(60);
        let hints = u32::try_from(hints).unwrap_or(u32::MAX);
        let mut score = match truth.fault {
            None => without(answer),
            Some(_) if answer.is_none() => Self::default(),
            Some(fault) => Self {
                service: service(answer, fault),
                kind: kind(answer, fault),
                since: since(answer, truth.began, now),
                ..Self::default()
            },
        };
        score.hints = hints.saturating_mul(HINT);
        score.late = u32::try_from(late).unwrap_or(LATE).min(LATE);
        score
    }

    /// The sum, 0 to 100.
    pub(crate) fn total(self) -> u32 {
        let earned = self.service + self.kind + self.since;
        earned.saturating_sub(self.hints.saturating_add(self.late))
    }
}

/// Nothing was wrong: the answer says so, or is worth nothing.
fn without(answer: &Answer) -> Score {
    let is_right = answer.is_none() && !matches!(answer.kind, Some(Some(_)));
    match is_right {
        true => Score {
            service: SERVICE,
            kind: KIND,
            since: SINCE,
            ..Score::default()
        },
        false => Score::default(),
    }
}

/// An answer with several services is worth its share, if the right one is among them. A fault of every
/// service is half found by an answer that names some of them.
fn service(answer: &Answer, fault: Fault) -> u32 {
    let has = fault.spec().service;
    let named = u32::try_from(answer.services.len()).unwrap_or(u32::MAX);
    if answer.services.iter().any(|service| service == has) {
        return SERVICE / named;
    }
    let is_part = named > 0 && answer.services.iter().all(|service| fault.is_in(service));
    if is_part { SERVICE / 2 } else { 0 }
}

fn kind(answer: &Answer, fault: Fault) -> u32 {
    let right = fault.spec().kind;
    match answer.kind {
        Some(Some(kind)) if kind == right => KIND,
        Some(Some(kind)) => {
            let alike = |pair: &[Kind; 2]| pair.contains(&kind) && pair.contains(&right);
            if ALIKE.iter().any(alike) { KIND / 2 } else { 0 }
        }
        _ => 0,
    }
}

fn since(answer: &Answer, began: SystemTime, now: SystemTime) -> u32 {
    let Some(since) = answer.since else {
        return 0;
    };
    let off = since.error(began, now).as_secs();
    let close = CLOSE.iter().find(|(seconds, _)| off <= *seconds);
    close.map_or(0, |(_, points)| *points)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    const BEGAN: u64 = 1_796_070_665;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(BEGAN + seconds)
    }

    /// The points of an answer after two minutes.
    fn points(fault: Option<Fault>, answer: &str) -> [u32; 3] {
        let began = at(0);
        let answer = answer.parse().expect("an answer");
        let score = Score::of(&answer, &Truth { fault, began }, at(120), 0);
        assert_eq!(score.total(), score.service + score.kind + score.since);
        [score.service, score.kind, score.since]
    }

    #[test]
    fn each_part_has_its_points() {
        let slow = Some(Fault::SlowDieService);
        let dead = Some(Fault::DeadCollector);
        let bad = Some(Fault::BadRelease);
        for (fault, answer, expected) in [
            (
                slow,
                "service=die-service,kind=latency,since=2m",
                [40, 30, 30],
            ),
            (slow, "service=die-service", [40, 0, 0]),
            (
                slow,
                "service=dice-roller,kind=latency,since=20:31",
                [0, 30, 30],
            ),
            (
                slow,
                "service=dice-roller+die-service,kind=errors",
                [20, 0, 0],
            ),
            (slow, "service=die-service+dice-roller+frontend", [13, 0, 0]),
            (
                slow,
                "service=die-service,kind=saturation,since=3m",
                [40, 15, 30],
            ),
            (slow, "since=3m 1s", [0, 0, 20]),
            (slow, "since=20:27", [0, 0, 10]),
            (slow, "since=7m 1s", [0, 0, 0]),
            (slow, "service=none,kind=none", [0, 0, 0]),
            (
                bad,
                "service=dice-roller,kind=errors,since=2m",
                [40, 15, 30],
            ),
            (dead, "service=every service,kind=telemetry", [40, 30, 0]),
            (dead, "service=frontend,kind=telemetry", [20, 30, 0]),
            (None, "service=none,kind=none", [40, 30, 30]),
            (None, "service=none", [40, 30, 30]),
            (None, "service=none,kind=latency", [0, 0, 0]),
            (None, "service=frontend,kind=latency,since=2m", [0, 0, 0]),
        ] {
            assert_eq!(points(fault, answer), expected, "{fault:?}: {answer}");
        }
    }

    #[test]
    fn hints_and_time_cost_points() {
        let fault = Some(Fault::SlowDieService);
        let answer: Answer = "service=die-service,kind=latency".parse().expect("one");
        let truth = Truth {
            fault,
            began: at(0),
        };
        for (seconds, hints, total) in [
            (10, 0, 70),
            (300, 0, 70),
            (301, 0, 69),
            (600, 0, 65),
            (600, 2, 45),
            (100_000, 0, 50),
            (100_000, 9, 0),
        ] {
            let score = Score::of(&answer, &truth, at(seconds), hints);
            assert_eq!(score.total(), total, "{seconds} s, {hints} hints");
        }
    }

    #[test]
    fn the_right_answer_to_every_fault_is_worth_all_points() {
        for fault in Fault::ALL {
            let spec = fault.spec();
            let answer = format!("service={},kind={},since=2m", spec.service, spec.kind);
            assert_eq!(points(Some(fault), &answer), [40, 30, 30], "{fault}");
        }
    }
}
