//! What is printed at the end: the truth, the points, and the evidence.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::clock;
use crate::evidence::Evidence;
use crate::score::{self, Score, Truth};
use crate::system::NONE;

/// A drill that has ended.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) stage: u8,
    /// None if a presenter chose the fault.
    pub(crate) seed: Option<u64>,
    pub(crate) truth: Truth,
    /// Whether a fault was drawn that had not begun yet.
    pub(crate) too_early: bool,
    pub(crate) ended: SystemTime,
    /// None if the learner gave up.
    pub(crate) answer: Option<Answer>,
    pub(crate) score: Score,
    pub(crate) hints: usize,
    pub(crate) evidence: Vec<Evidence>,
    /// What happened to the region on dashboards; empty if there is no Prometheus.
    pub(crate) timeline: String,
}

impl Report {
    fn took(&self) -> Duration {
        self.ended
            .duration_since(self.truth.began)
            .unwrap_or_default()
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("\n{}\n", self.truth());
        let took = self.took().as_secs();
        match &self.answer {
            Some(_) => text.push_str(&self.points(took)),
            None => text.push_str("No answer, no points.\n"),
        }
        for evidence in &self.evidence {
            // Writing to a String does not fail.
            let _ = write!(text, "\n{}: {}\n", capital(evidence.signal), evidence.query);
            for line in evidence.found.iter().chain(&evidence.links) {
                let _ = writeln!(text, "    {line}");
            }
            if evidence.found.is_empty() {
                text.push_str("    nothing found\n");
            }
        }
        if !self.timeline.is_empty() {
            let _ = writeln!(text, "\n{}", self.timeline);
        }
        if let Some(seed) = self.seed {
            let _ = writeln!(text, "\nThe same drill again: --seed {seed}");
        }
        text
    }

    fn truth(&self) -> String {
        let Some(fault) = self.truth.fault else {
            let text = match self.too_early {
                true => "Nothing had broken yet.",
                false => "Nothing was wrong.",
            };
            return text.to_owned();
        };
        let spec = fault.spec();
        let alert = match spec.alert {
            faults::Alert::Raises(name) => format!("It raises {name}."),
            faults::Alert::None(reason) => format!("It raises no alert: {reason}."),
        };
        format!(
            "It was {}: {} of {}, since {} UTC. {} {alert}",
            spec.name,
            spec.kind,
            spec.service,
            clock::utc(self.truth.began),
            spec.effect
        )
    }

    fn points(&self, took: u64) -> String {
        let score = self.score;
        let since = self.answer.as_ref().and_then(|answer| answer.since);
        let off = since.map(|since| since.error(self.truth.began, self.ended).as_secs());
        let off = match (off, self.truth.fault) {
            (Some(off), Some(_)) => format!("   {off} s off"),
            _ => String::new(),
        };
        format!(
            "You answered after {took} s.\n\n  \
             service   {:>3} of {}\n  \
             kind      {:>3} of {}\n  \
             since     {:>3} of {}{off}\n  \
             hints     {:>3}\n  \
             time      {:>3}\n  \
             total     {:>3} of 100\n",
            score.service,
            score::SERVICE,
            score.kind,
            score::KIND,
            score.since,
            score::SINCE,
            -i64::from(score.hints),
            -i64::from(score.late),
            score.total(),
        )
    }

    /// For programs.
    pub(crate) fn json(&self) -> String {
        let fault = self.truth.fault.map(|fault| {
            let spec = fault.spec();
            json!({
                "name": spec.name, "service": spec.service, "kind": spec.kind.name(),
                "effect": spec.effect, "alert": spec.alert.name(),
            })
        });
        let score = self.score;
        let evidence: Vec<Value> = self
            .evidence
            .iter()
            .map(|it| {
                json!({ "signal": it.signal, "query": it.query, "found": it.found, "links": it.links })
            })
            .collect();
        let report = json!({
            "stage": self.stage,
            "seed": self.seed,
            "fault": fault,
            "began": clock::utc(self.truth.began),
            "answered": self.answer.is_some(),
            "seconds_to_answer": self.took().as_secs(),
            "answer": self.answer.as_ref().map(answer),
            "score": {
                "service": score.service, "kind": score.kind, "since": score.since,
                "hints": -i64::from(score.hints), "time": -i64::from(score.late),
                "total": score.total(),
            },
            "hints": self.hints,
            "evidence": evidence,
            "timeline": self.timeline,
        });
        format!("{report:#}\n")
    }
}

fn answer(answer: &Answer) -> Value {
    let kind = answer
        .kind
        .map(|kind| kind.map_or(NONE, |kind| kind.name()));
    json!({ "services": answer.services, "kind": kind })
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
