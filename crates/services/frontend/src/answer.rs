//! What handlers answer, before it has a form: `render` makes it the page, JSON or a redirection.

use axum::body::Body;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use dice::Die;
use serde::Serialize;
use serde_json::{Map, Value};
use service::About;

use crate::session::Visitor;

/// An answer without a body yet.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// What dice-roller answered: in the page or as JSON.
    Rolled(Rolled),
    /// The page without a roll, and the cookie of a session that begins with it.
    Page {
        dice: Vec<Die>,
        visitor: Visitor,
        cookie: Option<HeaderValue>,
    },
    /// The service, its version and its paths: JSON.
    About(About),
    /// The dice there are: JSON.
    Dice(Choice),
    /// A redirection to the page, with cookies to set.
    ToThePage(Vec<HeaderValue>),
}

/// The dice to choose from.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Choice {
    #[schema(max_items = 24)]
    pub(crate) dice: Vec<Die>,
    /// How many more there are at die-service.
    #[schema(minimum = 0)]
    pub(crate) omitted: usize,
}

/// The roller's answer, as it came: only what it documents is in it.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct Rolled(pub(crate) Map<String, Value>);

impl Rolled {
    /// What the dice showed.
    pub(crate) fn rolls(&self) -> &[Value] {
        match (self.0.get("rolls"), self.0.get("roll")) {
            (Some(Value::Array(rolls)), _) => rolls,
            (_, Some(roll)) => std::slice::from_ref(roll),
            _ => &[],
        }
    }

    /// Their sum, which only a batch has.
    pub(crate) fn total(&self) -> Option<&Value> {
        self.0.get("total")
    }
}

/// A response without a body that carries the answer to `render`.
impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(self);
        response
    }
}
