//! The dice to choose from.

use dice::{Die, Specification};

use super::face_svg;
use crate::template::{escape, fill};

/// From the plainest to the one that fails most: an introduction. Other dice follow by name.
const FIRST: [&str; 3] = ["fair", "risky", "extreme"];

/// Faces drawn for a die; a die with more says how many.
const MAX_FACES_DRAWN: usize = 12;

/// A radio button for each die, with its faces and error rate; `chosen` is selected.
pub(super) fn render(dice: &[Die], chosen: Option<&str>) -> String {
    let mut dice: Vec<_> = dice.iter().collect();
    // A stable sort: the others stay in order.
    dice.sort_by_key(|die| {
        FIRST
            .iter()
            .position(|name| *name == die.identifier)
            .unwrap_or(FIRST.len())
    });
    let is_chosen = |die: &&Die| Some(die.identifier.as_str()) == chosen;
    let selected = dice.iter().position(is_chosen);
    // The plainest die explains the most; any other will do where there is none of that name.
    let selected = selected.or_else(|| dice.iter().position(|die| die.identifier == "fair"));
    let cards = dice.iter().enumerate().map(|(at, die)| {
        let Specification { faces, error_rate } = &die.specification;
        let values: Vec<_> = faces.iter().map(u8::to_string).collect();
        let drawn: String = faces
            .iter()
            .take(MAX_FACES_DRAWN)
            .map(|face| face_svg(*face))
            .collect();
        let more = match faces.len().saturating_sub(MAX_FACES_DRAWN) {
            0 => String::new(),
            more => format!("<span class=\"more\">and {more} more</span>"),
        };
        fill(
            include_str!("die.html"),
            &[
                ("name", &escape(&die.identifier)),
                (
                    "checked",
                    if at == selected.unwrap_or(0) {
                        "checked"
                    } else {
                        ""
                    },
                ),
                ("values", &values.join(",")),
                ("error_rate", &error_rate.to_string()),
                ("drawn", &drawn),
                ("more", &more),
                ("odds", &odds(*error_rate)),
            ],
        )
    });
    cards.collect()
}

fn odds(error_rate: f64) -> String {
    if error_rate == 0.0 {
        return "no roll fails".to_owned();
    }
    let percent = (error_rate * 1000.0).round() / 10.0;
    format!("{percent} % of rolls fail")
}
