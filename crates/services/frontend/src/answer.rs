//! The answers of handlers, before `render` turns them into the page, JSON or a redirect.

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
    /// The answer of dice-roller: in the page or as JSON.
    Rolled(Rolled),
    /// The page without a roll, and the cookie of a new session.
    Page {
        dice: Vec<Die>,
        visitor: Visitor,
        cookie: Option<HeaderValue>,
    },
    /// The service, its version and its paths: JSON.
    About(About),
    /// The available dice: JSON.
    Dice(Choice),
    /// A redirect to the page, with cookies to set.
    ToThePage(Vec<HeaderValue>),
}

/// The dice to choose from.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Choice {
    #[schema(max_items = 24)]
    pub(crate) dice: Vec<Die>,
    /// How many more dice die-service has.
    #[schema(minimum = 0)]
    pub(crate) omitted: usize,
}

/// The answer of dice-roller, reduced to its documented fields.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct Rolled(pub(crate) Map<String, Value>);

impl Rolled {
    /// The values that were rolled.
    pub(crate) fn rolls(&self) -> &[Value] {
        match (self.0.get("rolls"), self.0.get("roll")) {
            (Some(Value::Array(rolls)), _) => rolls,
            (_, Some(roll)) => std::slice::from_ref(roll),
            _ => &[],
        }
    }

    /// Their sum, for a batch only.
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
