//! The page, complete without JavaScript, which only enhances it. Its text is in `templates/`.

mod picker;

use std::borrow::Cow;

use askama::Template;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use dice::{BatchSize, Die, Specification};
use serde_json::Value;

use crate::Config;
use crate::answer::Rolled;
use crate::links::{Links, TRACE_ID};
use crate::page::picker::DieOption;
use crate::session::Name;

/// The meaning of each error and the remedy, by status. The script shows the same texts.
const ADVICE: [(u16, &str); 7] = [
    (
        0,
        "This page's own service does not answer. Check that it is running, then roll again.",
    ),
    (
        404,
        "The dice have changed since this page was loaded. Reload it to see the current dice.",
    ),
    (414, "Choose one of the dice above."),
    (422, "Choose a die, and a number of rolls from 1 to 20."),
    (
        500,
        "This die fails at its configured error rate, which is part of the lesson: look for the red spans \
         in the trace, then roll again.",
    ),
    (
        503,
        "A service is down or overloaded, or its database is unavailable. That may be on purpose: \
         stopping one is an exercise. Start it again (the demo does so within seconds; with \
         Docker: docker compose start NAME), then roll again.",
    ),
    (
        504,
        "A service did not answer in time. Roll again in a moment; the trace shows where the time \
         went.",
    ),
];

/// The number of rolls that the form offers first.
const TIMES: u8 = 5;

/// What all pages have in common.
pub(crate) struct Page {
    tracing: bool,
    links: Option<Links>,
}

/// The contents of one page.
#[derive(Debug, Default)]
pub(crate) struct Content<'a> {
    /// The dice to choose from.
    pub(crate) dice: &'a [Die],
    /// The name of the visitor who is signed in.
    pub(crate) name: Option<&'a Name>,
    /// Why signing in failed.
    pub(crate) problem: Option<&'a str>,
    pub(crate) choice: Choice,
    pub(crate) outcome: Option<Outcome<'a>>,
}

/// The selection in the form.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice {
    pub(crate) die: Option<String>,
    /// The number of rolls of a batch.
    pub(crate) times: Option<BatchSize>,
}

/// The result of a roll.
#[derive(Debug)]
pub(crate) enum Outcome<'a> {
    Rolled(&'a Rolled),
    Failed { status: u16, detail: &'a str },
}

#[derive(Template)]
#[template(path = "page.html")]
struct View<'a> {
    tracing: bool,
    links: Option<&'a Links>,
    dice: Vec<DieOption<'a>>,
    name: Option<&'a Name>,
    problem: Option<&'a str>,
    choice: &'a Choice,
    outcome: Option<&'a Outcome<'a>>,
    /// Of the roll shown; empty without a roll, or with tracing off.
    trace_id: &'a str,
}

impl Page {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            tracing: config.trace_query_url.is_some(),
            links: Links::new(config),
        }
    }

    /// The page, with the result of a roll if there was one.
    ///
    /// # Panics
    /// Never: a template into memory does not fail.
    pub(crate) fn render(&self, content: &Content<'_>) -> Response {
        let outcome = content.outcome.as_ref();
        let trace_id = outcome.and_then(|_| telemetry::trace_id());
        let view = View {
            tracing: self.tracing,
            links: self.links.as_ref(),
            dice: picker::options(content.dice, content.choice.die.as_deref()),
            name: content.name,
            problem: content.problem,
            choice: &content.choice,
            outcome,
            trace_id: trace_id.as_deref().unwrap_or_default(),
        };
        let html = view.render().expect("a template into memory does not fail");
        let headers = [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            // Private because it shows the name.
            (CACHE_CONTROL, "private, no-cache"),
        ];
        (headers, html).into_response()
    }
}

impl View<'_> {
    /// The name to show, unless the sign-in form is shown with a problem.
    fn signed_in(&self) -> Option<&str> {
        match self.problem {
            None => self.name.map(Name::as_str),
            Some(_) => None,
        }
    }

    fn times(&self) -> String {
        let times = self.choice.times.map(|times| times.to_string());
        times.unwrap_or_else(|| TIMES.to_string())
    }

    /// CSS classes of the result.
    fn state(&self) -> &'static str {
        match self.outcome {
            None => "",
            Some(Outcome::Rolled(_)) => " rolled",
            Some(Outcome::Failed { .. }) => " rolled failed",
        }
    }

    /// The faces of the dice; decorative only, as the summary contains the values.
    fn shown(&self) -> Vec<Cow<'static, str>> {
        let face = |roll: &Value| match roll.as_u64().and_then(|face| u8::try_from(face).ok()) {
            Some(face @ 0..=Specification::MAX_VALUE) => Some(face.to_string().into()),
            _ => None,
        };
        match self.outcome {
            None => vec!["idle".into()],
            Some(Outcome::Failed { .. }) => vec!["failed".into()],
            Some(Outcome::Rolled(rolled)) => rolled.rolls().iter().filter_map(face).collect(),
        }
    }

    /// The die and its values, as in `fair: 4 + 5 = 9`; empty without a roll.
    fn sum(&self) -> String {
        let Some(Outcome::Rolled(rolled)) = self.outcome else {
            return String::new();
        };
        let die = self.choice.die.as_deref().unwrap_or_default();
        let rolls: Vec<_> = rolled.rolls().iter().map(Value::to_string).collect();
        let total = rolled.total().map(|total| format!(" = {total}"));
        format!("{die}: {}{}", rolls.join(" + "), total.unwrap_or_default())
    }

    /// The remedy for an answer with that status.
    #[expect(clippy::unused_self, reason = "templates call methods")]
    fn advice(&self, status: &u16) -> &'static str {
        let advice = ADVICE.iter().find(|(of, _)| of == status);
        advice.map_or("", |(_, advice)| advice)
    }
}
