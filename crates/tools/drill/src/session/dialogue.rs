//! The dialogue: `hint`, `answer` and `quit`, then the three questions.

use std::future::pending;
use std::io::{BufRead, Write};
use std::time::Duration;

use faults::Fault;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::answer::Answer;
use crate::cli::Cli;
use crate::clock;
use crate::hints::{self, hint};
use crate::list::words;
use crate::score::HINT;
use crate::system::System;

/// What a line of the learner leads to.
pub(super) enum Step {
    Continue,
    Answered(Answer),
    GaveUp,
}

/// The next question.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Question {
    /// What to do next.
    Command,
    Service,
    Kind,
    Since,
}

pub(super) struct Dialogue<'a> {
    system: &'a System,
    fault: Option<Fault>,
    /// The lines of standard input; none if the answers are flags.
    lines: Option<mpsc::UnboundedReceiver<String>>,
    question: Question,
    answer: Answer,
    /// The hints that were taken.
    pub(super) hints: usize,
}

impl<'a> Dialogue<'a> {
    pub(super) fn new(system: &'a System, fault: Option<Fault>, asks: bool) -> Self {
        Self {
            system,
            fault,
            lines: asks.then(lines),
            question: Question::Command,
            answer: Answer::default(),
            hints: 0,
        }
    }

    /// Says what to do.
    pub(super) fn introduce(&self, cli: &Cli, latest: Duration) {
        if self.lines.is_none() {
            return;
        }
        let grafana = cli.grafana_url.as_ref();
        let mut places: Vec<_> = grafana
            .map(|url| format!("Grafana {url}"))
            .into_iter()
            .collect();
        places.push(format!("traces {}", cli.tempo_url));
        places.extend_from_slice(&self.system.places);
        say(&format!(
            "A drill in stage {}. Within {latest:.0?} something breaks, or nothing does: find out which \
             service, what kind of fault, and since when.\n\
             Now it is {} UTC. Look at: {}. The drill ends after {}.\n\n  \
             service  {}\n  kind     {}\n\n\
             Type hint (costs {HINT} points), answer, or quit.",
            self.system.stage,
            clock::utc(std::time::SystemTime::now()),
            places.join(", "),
            humantime::format_duration(cli.limit),
            words(&self.system.services()),
            words(&self.system.kinds()),
        ));
        prompt("> ");
    }

    /// Waits for the next line, and reacts to it. The end of standard input is giving up.
    pub(super) async fn next(&mut self, earliest: Instant) -> Step {
        let Some(lines) = &mut self.lines else {
            return pending().await;
        };
        let Some(line) = lines.recv().await else {
            return Step::GaveUp;
        };
        let line = line.trim();
        let step = match self.question {
            Question::Command => self.command(line, earliest),
            question => self.part(question, line),
        };
        if let Step::Continue = step {
            prompt(match self.question {
                Question::Command => "> ",
                Question::Service => "Which service? ",
                Question::Kind => "What kind? ",
                Question::Since => "Since when (20:31:05, or 4m ago)? ",
            });
        }
        step
    }

    fn command(&mut self, line: &str, earliest: Instant) -> Step {
        match line {
            "quit" => return Step::GaveUp,
            "hint" => match hint(self.fault, self.hints) {
                Some(text) => {
                    self.hints += 1;
                    say(&format!("Hint {} of {}: {text}", self.hints, hints::COUNT));
                }
                None => say("There are no more hints."),
            },
            "answer" if Instant::now() < earliest => {
                let left = earliest.saturating_duration_since(Instant::now());
                say(&format!(
                    "Too early to tell: try again in {} s.",
                    left.as_secs() + 1
                ));
            }
            "answer" => self.question = Question::Service,
            "" => {}
            _ => say("Type hint, answer or quit."),
        }
        Step::Continue
    }

    fn part(&mut self, question: Question, line: &str) -> Step {
        let set = match question {
            Question::Service => self.answer.set_services(line, self.system),
            Question::Kind => self.answer.set_kind(line),
            Question::Since | Question::Command => line.parse().map(|since| {
                self.answer.since = Some(since);
            }),
        };
        if let Err(problem) = set {
            say(&problem);
            return Step::Continue;
        }
        self.question = match question {
            Question::Service if !self.answer.is_none() => Question::Kind,
            Question::Kind => Question::Since,
            _ => return Step::Answered(std::mem::take(&mut self.answer)),
        };
        Step::Continue
    }
}

/// The lines of standard input, read by a thread of its own, which ends with the process.
fn lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// On standard error, so that standard output has nothing but the report.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn prompt(text: &str) {
    let _ = write!(std::io::stderr(), "{text}");
}
