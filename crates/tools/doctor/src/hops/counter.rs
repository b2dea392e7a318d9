//! Did dice-roller count the roll?

use crate::examination::Doctor;
use crate::report::Finding;

/// The series that the roll increments.
pub(super) const SERIES: &str = r#"dice_rolls_total{die_type="fair",result="success"}"#;

/// Reads dice-roller's own /metrics.
pub(crate) async fn rolls_counted(doctor: &Doctor<'_>) -> Result<f64, Finding> {
    let dice_roller = doctor.cli.dice_roller();
    let metrics = doctor.metrics("dice-roller", &dice_roller).await?;
    let fair = [("die_type", "fair"), ("result", "success")];
    let rolls = metrics.sum("dice_rolls_total", &fair);
    rolls.ok_or_else(|| Finding {
        saw: format!("/metrics of dice-roller has no {SERIES}"),
        cause: "the server at this URL is not dice-roller".to_owned(),
        command: doctor.kind.look_at("dice-roller"),
    })
}

pub(crate) async fn counted(
    doctor: &Doctor<'_>,
    before: Result<f64, Finding>,
) -> Result<String, Finding> {
    let before = before?;
    let after = rolls_counted(doctor).await?;
    if after > before {
        return Ok(format!("{SERIES} from {before} to {after}"));
    }
    Err(Finding {
        saw: format!("{SERIES} was {before} and is {after}"),
        cause:
            "the roll went to another dice-roller, or to another replica, than the one at this URL"
                .to_owned(),
        command: doctor.kind.restart("frontend"),
    })
}
