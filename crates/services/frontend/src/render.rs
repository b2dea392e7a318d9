//! Decides the form of every answer in one place: the page or JSON, an error or not, with the id
//! of its trace.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE, VARY};
use axum::http::{HeaderName, HeaderValue, Uri};
use axum::middleware::Next;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde::Serialize;
use service::Problem;
use url::form_urlencoded;

use crate::accept::prefers_html;
use crate::answer::Answer;
use crate::app::App;
use crate::page::{Choice, Content, Outcome};
use crate::session::Visitor;

/// <https://www.w3.org/TR/trace-context-2/#traceresponse-header>
const TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");

/// An answer with its trace id, which is null when tracing is off.
#[derive(Serialize)]
struct Traced<T> {
    #[serde(flatten)]
    answer: T,
    trace_id: Option<String>,
}

/// Where an answer appears in the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Roll,
    SignIn,
    /// The answer has only one form, or its handler has chosen one.
    Nowhere,
}

/// What the request says about the form of its answer.
struct Wanted {
    place: Place,
    /// The visitor and the selection in the form, for a client that prefers HTML.
    page: Option<(Visitor, Choice)>,
}

/// Middleware: renders the answers of handlers, extractors and fallbacks.
pub(crate) async fn render(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let wanted = Wanted::by(&request);
    let mut response = next.run(request).await;
    let answer = response.extensions_mut().remove::<Answer>();
    let problem = response.extensions_mut().remove::<Problem>();
    let mut response = match (answer, problem) {
        (Some(answer), _) => app.answer(answer, &wanted),
        (None, Some(problem)) => {
            let (parts, _) = response.into_parts();
            let mut failed = app.problem(&problem, &wanted);
            // Retry-After and other headers are kept; the new body has its own type and length.
            let own = [CONTENT_TYPE, CONTENT_LENGTH];
            let kept = parts.headers.iter().filter(|(name, _)| !own.contains(name));
            for (name, value) in kept {
                failed.headers_mut().insert(name, value.clone());
            }
            (parts.status, failed).into_response()
        }
        (None, None) => response,
    };
    let traceresponse = telemetry::traceresponse().map(HeaderValue::try_from);
    if let Some(Ok(value)) = traceresponse {
        response.headers_mut().insert(TRACERESPONSE, value);
    }
    response
}

impl Wanted {
    fn by(request: &Request) -> Self {
        let place = match request.uri().path() {
            "/roll" | "/roll-async" => Place::Roll,
            "/sign-in" => Place::SignIn,
            _ => Place::Nowhere,
        };
        let as_page = place != Place::Nowhere && prefers_html(request.headers());
        let page = as_page.then(|| {
            let visitor = Visitor::of(request.headers());
            (visitor, choice(request.uri()))
        });
        Self { place, page }
    }
}

impl App {
    fn answer(&self, answer: Answer, wanted: &Wanted) -> Response {
        match answer {
            Answer::Rolled(rolled) => match &wanted.page {
                None => negotiated(traced(rolled)),
                Some((visitor, choice)) => {
                    negotiated(self.roll_page(visitor, choice, Outcome::Rolled(&rolled)))
                }
            },
            Answer::Page {
                dice,
                visitor,
                cookie,
            } => {
                let cookie = AppendHeaders(cookie.map(|cookie| (SET_COOKIE, cookie)));
                let page = self.page.render(&Content {
                    dice: &dice,
                    name: visitor.name.as_ref(),
                    ..Content::default()
                });
                negotiated((cookie, page).into_response())
            }
            Answer::About(about) => negotiated(Json(about).into_response()),
            Answer::Dice(choice) => traced(choice),
            Answer::ToThePage(cookies) => {
                let cookies = cookies.into_iter().map(|cookie| (SET_COOKIE, cookie));
                (AppendHeaders(cookies), Redirect::to("/")).into_response()
            }
        }
    }

    fn problem(&self, problem: &Problem, wanted: &Wanted) -> Response {
        match (&wanted.page, wanted.place) {
            (Some((visitor, choice)), Place::Roll) => {
                let outcome = Outcome::Failed {
                    status: problem.status.as_u16(),
                    detail: &problem.detail,
                };
                negotiated(self.roll_page(visitor, choice, outcome))
            }
            (Some((visitor, _)), _) => negotiated(self.page.render(&Content {
                dice: &self.backend.known_dice(),
                name: visitor.name.as_ref(),
                problem: Some(&problem.detail),
                ..Content::default()
            })),
            (None, Place::Nowhere) => traced(problem),
            (None, _) => negotiated(traced(problem)),
        }
    }

    /// The page around the result of a roll. It shows the dice of the last page view: fetching them
    /// would add a request to the trace of the roll.
    fn roll_page(&self, visitor: &Visitor, choice: &Choice, outcome: Outcome<'_>) -> Response {
        self.page.render(&Content {
            dice: &self.backend.known_dice(),
            name: visitor.name.as_ref(),
            choice: choice.clone(),
            outcome: Some(outcome),
            ..Content::default()
        })
    }
}

fn traced(answer: impl Serialize) -> Response {
    let trace_id = telemetry::trace_id();
    Json(Traced { answer, trace_id }).into_response()
}

/// Tells caches that the form depends on the `Accept` header.
fn negotiated(response: Response) -> Response {
    (AppendHeaders([(VARY, "accept")]), response).into_response()
}

/// The values of the form, to be shown again. The handler validates them.
fn choice(uri: &Uri) -> Choice {
    let query = uri.query().unwrap_or_default().as_bytes();
    let value = |name| {
        let mut pairs = form_urlencoded::parse(query);
        pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    };
    Choice {
        die: value("die"),
        times: value("times").and_then(|times| times.parse().ok()),
    }
}
