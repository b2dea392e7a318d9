//! The page, as text: complete without JavaScript, which only adds to it.

mod picker;
mod visitor;

use std::fmt::Display;

use axum::http::header::CACHE_CONTROL;
use axum::response::{Html, IntoResponse, Response};
use dice::{BatchSize, Die, Specification};
use serde_json::Value;

use crate::Config;
use crate::links::{Links, TRACE_ID};
use crate::session::Name;
use crate::template::{escape, fill};

/// What each error means and what to do, by status. The script shows the same words.
const ADVICE: [(u16, &str); 7] = [
    (
        0,
        "This page's own service does not answer. See whether it is running, then roll again.",
    ),
    (
        404,
        "The dice have changed since this page was loaded. Reload it to see those there are now.",
    ),
    (414, "Choose one of the dice above."),
    (422, "Choose a die, and a number of rolls from 1 to 20."),
    (
        500,
        "That is this die's error rate at work, and part of the lesson: look for the red spans \
         in the trace, then roll again.",
    ),
    (
        503,
        "A service is down or overloaded, or its database is away. That may be on purpose: \
         stopping one is an exercise. Start it again (the demo does so within seconds; with \
         Docker: docker compose start NAME), then roll again.",
    ),
    (
        504,
        "A service did not answer in time. Roll again in a moment; the trace shows where the time \
         went.",
    ),
];

/// What the page is made with.
pub(crate) struct Page {
    tracing: bool,
    links: Option<Links>,
}

/// What the page shows this time.
#[derive(Debug, Default)]
pub(crate) struct Content<'a> {
    /// The dice to choose from.
    pub(crate) dice: &'a [Die],
    /// Who is signed in.
    pub(crate) name: Option<&'a Name>,
    /// Why nobody could be signed in.
    pub(crate) problem: Option<&'a str>,
    pub(crate) choice: Choice,
    pub(crate) outcome: Option<Outcome>,
}

/// What is selected in the form.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    pub(crate) die: Option<String>,
    /// Given for a batch.
    pub(crate) times: Option<BatchSize>,
}

/// What became of a roll.
#[derive(Debug)]
pub(crate) enum Outcome {
    Rolled {
        rolls: Vec<Value>,
        total: Option<Value>,
    },
    Failed {
        status: u16,
        detail: String,
    },
}

impl Page {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            tracing: config.trace_query_url.is_some(),
            links: Links::new(config),
        }
    }

    /// The page, with the result of a roll if there was one.
    pub(crate) fn render(&self, content: &Content<'_>) -> Response {
        let (choice, outcome) = (&content.choice, content.outcome.as_ref());
        let trace_id = outcome.and_then(|_| telemetry::trace_id());
        let trace_id = trace_id.as_deref().unwrap_or_default();
        let times = choice
            .times
            .map_or("5".to_owned(), |times| times.to_string());
        let html = fill(
            include_str!("page/page.html"),
            &[
                ("faces", include_str!("page/faces.svg")),
                ("visitor", &visitor::render(content.name, content.problem)),
                ("dice", &picker::render(content.dice, choice.die.as_deref())),
                (
                    "async",
                    if choice.times.is_some() {
                        "checked"
                    } else {
                        ""
                    },
                ),
                ("times", &times),
                ("result", &result(outcome)),
                ("summary", &summary(choice, outcome)),
                (
                    "state",
                    match outcome {
                        None => "",
                        Some(Outcome::Rolled { .. }) => "rolled",
                        Some(Outcome::Failed { .. }) => "rolled failed",
                    },
                ),
                ("trace_id", trace_id),
                ("trace_link", &trace_link(trace_id)),
                ("tracing", if self.tracing { "on" } else { "off" }),
                ("links", &self.links(trace_id)),
                ("advice", &advice_templates()),
            ],
        );
        // Private, because of the name.
        let caching = [(CACHE_CONTROL, "private, no-cache")];
        (caching, Html(html)).into_response()
    }

    /// Links that need a trace have no target before there is one; the script completes them.
    fn links(&self, trace_id: &str) -> String {
        let Some(links) = &self.links else {
            return String::new();
        };
        let target = |url: fn(&Links, &str) -> String| match trace_id {
            "" => String::new(),
            id => format!("href=\"{}\"", escape(&url(links, id))),
        };
        fill(
            include_str!("page/links.html"),
            &[
                ("dashboard", &escape(&links.dashboard())),
                ("trace", &escape(&links.trace(TRACE_ID))),
                ("trace_href", &target(Links::trace)),
                ("logs", &escape(&links.logs(TRACE_ID))),
                ("logs_href", &target(Links::logs)),
            ],
        )
    }
}

fn trace_link(id: &str) -> String {
    match id {
        "" => String::new(),
        id => format!("Trace <a href=\"/api/trace/{id}\">{id}</a>"),
    }
}

/// A die that shows a value, `idle` or `failed`; only for the eye, the rest is said in words.
fn face_svg(shown: impl Display) -> String {
    format!("<svg class=\"die\" aria-hidden=\"true\"><use href=\"#face-{shown}\"/></svg>")
}

fn result(outcome: Option<&Outcome>) -> String {
    match outcome {
        None => face_svg("idle"),
        Some(Outcome::Failed { .. }) => face_svg("failed"),
        Some(Outcome::Rolled { rolls, .. }) => rolls
            .iter()
            .map(
                |roll| match roll.as_u64().and_then(|face| u8::try_from(face).ok()) {
                    Some(face @ 0..=Specification::MAX_VALUE) => face_svg(face),
                    _ => String::new(),
                },
            )
            .collect(),
    }
}

fn summary(choice: &Choice, outcome: Option<&Outcome>) -> String {
    let die = choice.die.as_deref().unwrap_or_default();
    match outcome {
        None => "Choose a die and roll.".to_owned(),
        Some(Outcome::Rolled { rolls, total }) => {
            let rolls: Vec<_> = rolls.iter().map(Value::to_string).collect();
            let sum = total.as_ref().map(|total| format!(" = {total}"));
            let text = format!("{die}: {}{}", rolls.join(" + "), sum.unwrap_or_default());
            escape(&text)
        }
        Some(Outcome::Failed { status, detail }) => {
            let advice = ADVICE.iter().find(|(of, _)| of == status);
            let advice = advice.map_or("", |(_, advice)| advice);
            format!("<strong>{}.</strong> {advice}", escape(detail))
        }
    }
}

fn advice_templates() -> String {
    let template = |(status, advice): &(u16, &str)| {
        format!(
            "<template id=\"advice-{status}\">{}</template>\n",
            escape(advice)
        )
    };
    ADVICE.iter().map(template).collect()
}
