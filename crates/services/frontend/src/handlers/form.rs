//! `GET /form`: the page's form, for browsers without JavaScript.

use axum::response::Redirect;
use serde::Deserialize;
use service::{Problem, Query};
use url::form_urlencoded;

use crate::error::Error;

/// The page's form as a browser submits it.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Form {
    /// The die to roll.
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

/// Redirects to the selected kind of roll. A form has only one address, and `/roll` and
/// `/roll-async` reject unknown parameters, so a request of its own chooses between them.
#[utoipa::path(
    get,
    path = "/form",
    operation_id = "form",
    summary = "The page's form",
    description = "Redirects to /roll, or to /roll-async if `async` is given.",
    params(Form),
    responses(
        (
            status = 303,
            description = "Redirect to the roll.",
            headers(("Location" = String, description = "Its address.")),
        ),
        (status = 404, description = "No die has a name of more than 64 characters."),
    ),
)]
pub(crate) async fn form(Query(form): Query<Form>) -> Result<Redirect, Problem> {
    dice::check_name(&form.die).map_err(Error::from)?;
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
