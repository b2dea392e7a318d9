//! Rolls for browsers without JavaScript: a plain form, and answers as the page.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{RETRY_AFTER, VARY};
use axum::http::{HeaderValue, Uri};
use axum::middleware::Next;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;
use service::{Problem, Query};
use url::form_urlencoded;

use crate::App;
use crate::accept::prefers_html;
use crate::backend::Answer;
use crate::error::Error;
use crate::page::{Choice, Content, Outcome};
use crate::session::Visitor;

/// The page's form as a browser submits it.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Form {
    /// Which die to roll.
    #[param(inline, value_type = dice::schema::Name, example = "fair")]
    die: String,
    /// Only used for a batch.
    #[serde(default)]
    #[param(example = "5")]
    times: String,
    /// A batch.
    #[param(example = "on")]
    r#async: Option<String>,
}

/// `GET /form`: to the roll that was chosen. A form has one address, and the rolls are strict about
/// their parameters; so this only says which of them it is to be.
#[utoipa::path(
    get,
    path = "/form",
    operation_id = "form",
    summary = "The page's form",
    description = "Leads to /roll, or to /roll-async when `async` is given.",
    params(Form),
    responses(
        (
            status = 303,
            description = "To the roll.",
            headers(("Location" = String, description = "Its address.")),
        ),
        (status = 404, description = "No die has a name of more than 64 characters."),
    ),
)]
pub(crate) async fn choose(Query(form): Query<Form>) -> Result<Redirect, Error> {
    dice::check_name(&form.die)?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("die", &form.die);
    let path = match form.r#async {
        Some(_) => {
            query.append_pair("times", &form.times);
            "/roll-async"
        }
        None => "/roll",
    };
    Ok(Redirect::to(&format!("{path}?{}", query.finish())))
}

/// Middleware of the rolls: whoever prefers HTML gets the page around the result.
pub(crate) async fn answer(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let as_page = prefers_html(request.headers());
    let choice = choice(request.uri());
    let visitor = Visitor::of(request.headers());
    let mut response = next.run(request).await;
    if as_page {
        let status = response.status();
        if let Some(outcome) = outcome(&mut response) {
            let page = app.page.render(&Content {
                dice: &app.backend.known_dice(),
                name: visitor.name.as_ref(),
                choice,
                outcome: Some(outcome),
                ..Content::default()
            });
            let retry_after = response.headers_mut().remove(RETRY_AFTER);
            let retry_after = AppendHeaders(retry_after.map(|when| (RETRY_AFTER, when)));
            response = (status, retry_after, page).into_response();
        }
    }
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("accept"));
    response
}

/// What the form said, to be shown again. Whether it was right, the roll itself has decided.
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

fn outcome(response: &mut Response) -> Option<Outcome> {
    let status = response.status().as_u16();
    let extensions = response.extensions_mut();
    if let Some(Problem { detail, .. }) = extensions.remove() {
        return Some(Outcome::Failed { status, detail });
    }
    let Answer { roller, .. } = extensions.remove()?;
    let rolls = match (roller.get("rolls"), roller.get("roll")) {
        (Some(Value::Array(rolls)), _) => rolls.clone(),
        (_, Some(roll)) => vec![roll.clone()],
        _ => Vec::new(),
    };
    let total = roller.get("total").cloned();
    Some(Outcome::Rolled { rolls, total })
}
