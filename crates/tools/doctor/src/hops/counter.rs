//! Did dice-roller count the roll?

use crate::ask::{endpoint, text};
use crate::examination::Doctor;
use crate::report::Trouble;

/// The series that the roll moves.
pub(super) const SERIES: &str = r#"dice_rolls_total{die_type="fair",result="success"}"#;

/// What dice-roller's own /metrics says now.
pub(crate) async fn rolls_counted(doctor: &Doctor<'_>) -> Result<f64, Trouble> {
    let url = endpoint(&doctor.cli.dice_roller(), "/metrics", &[]);
    let metrics = text(&doctor.client, url).await;
    let metrics = metrics.map_err(|silence| doctor.kind.silent("dice-roller", &silence))?;
    let rolls = super::sum(
        &metrics,
        "dice_rolls_total",
        &[("die_type", "fair"), ("result", "success")],
    );
    rolls.ok_or_else(|| Trouble {
        saw: format!("/metrics of dice-roller has no {SERIES}"),
        cause: "what answers there is not dice-roller".to_owned(),
        command: doctor.kind.look_at("dice-roller"),
    })
}

pub(crate) async fn counted(
    doctor: &Doctor<'_>,
    before: Result<f64, Trouble>,
) -> Result<String, Trouble> {
    let before = before?;
    let after = rolls_counted(doctor).await?;
    if after > before {
        return Ok(format!("{SERIES} from {before} to {after}"));
    }
    Err(Trouble {
        saw: format!("{SERIES} was {before} and is {after}"),
        cause: "the roll went to another dice-roller than the one whose /metrics this is"
            .to_owned(),
        command: doctor.kind.restart("frontend"),
    })
}
