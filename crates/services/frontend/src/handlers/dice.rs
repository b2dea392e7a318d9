//! `GET /api/dice`.

use std::sync::Arc;

use axum::extract::State;
use service::openapi::TraceId;

use crate::answer::{Answer, Choice};
use crate::app::App;

/// The available dice.
#[derive(utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "it only stands for its schema: `render` adds the id"
)]
struct Dice {
    #[schema(inline)]
    #[serde(flatten)]
    choice: Choice,
    #[schema(value_type = Option<TraceId>)]
    trace_id: Option<String>,
}

/// The dice and their specifications
#[utoipa::path(get, path = "/api/dice", responses((
    status = 200,
    description = "Up to 24 dice of die-service, or the built-in ones if it is unavailable.",
    body = Dice,
)))]
pub(crate) async fn dice(State(app): State<Arc<App>>) -> Answer {
    Answer::Dice(app.backend.dice().await)
}
