//! `GET /roll` and `GET /roll-async`: one roll, and a batch.

use std::sync::Arc;

use axum::extract::State;
use dice::BatchSize;
use serde::Deserialize;
use service::Query;
use telemetry::set_attribute;

use crate::answer::Answer;
use crate::app::App;
use crate::error::Error;
use crate::schema::{Batch, Roll};
use crate::session::Visitor;
use crate::usage::{self, Action};

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RollQuery {
    /// The die to roll.
    #[param(inline, value_type = dice::schema::Name, example = "fair")]
    die: String,
}

/// Roll once
///
/// A client that prefers `text/html` to JSON gets the page around the result.
#[utoipa::path(get, path = "/roll", params(RollQuery), responses(
    (
        status = 200,
        description = "The value rolled.",
        content((Roll = "application/json"), (String = "text/html")),
    ),
    (status = 404, description = "There is no such die. Names have at most 64 characters."),
    (status = 500, description = "The roll failed, as configured by the die's error rate."),
    (status = 503, description = "A service or database that the roll needs is unavailable; the detail names it."),
    (status = 504, description = "A service that the roll needs did not answer in time."),
))]
pub(crate) async fn roll(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Query(RollQuery { die }): Query<RollQuery>,
) -> Result<Answer, Error> {
    dice::check_name(&die)?;
    set_attribute("die.type", die.clone());
    let die_type = app.backend.die_type(&die);
    usage::record(&visitor, Action::Roll { die_type });
    app.backend.roll(&die).await.map(Answer::Rolled)
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BatchQuery {
    /// The die to roll.
    #[param(inline, value_type = dice::schema::Name, example = "fair")]
    die: String,
    /// The number of rolls, all at once.
    #[param(inline, example = 5)]
    times: BatchSize,
}

/// Roll a batch at once
///
/// Each roll is a task of its own; the batch takes as long as its slowest roll. A client that
/// prefers `text/html` to JSON gets the page around the result.
#[utoipa::path(get, path = "/roll-async", operation_id = "rollAsync", params(BatchQuery), responses(
    (
        status = 200,
        description = "The values rolled.",
        content((Batch = "application/json"), (String = "text/html")),
    ),
    (status = 404, description = "There is no such die. Names have at most 64 characters."),
    (status = 500, description = "A roll of the batch failed; the others were made."),
    (status = 503, description = "A service or database that the rolls need is unavailable; the detail names it."),
    (status = 504, description = "A service that the rolls need did not answer in time."),
))]
pub(crate) async fn roll_async(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Query(BatchQuery { die, times: size }): Query<BatchQuery>,
) -> Result<Answer, Error> {
    dice::check_name(&die)?;
    set_attribute("die.type", die.clone());
    set_attribute("async.batch_size", i64::from(size.get()));
    let die_type = app.backend.die_type(&die);
    usage::record(&visitor, Action::RollBatch { die_type, size });
    let rolled = app.backend.roll_batch(&die, size).await;
    rolled.map(Answer::Rolled)
}
