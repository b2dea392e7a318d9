//! The dice to choose from.

use dice::{Die, Specification};

/// The order of the built-in dice: from the plainest to the one that fails most. Other dice follow
/// by name.
const FIRST: [&str; 3] = ["fair", "risky", "extreme"];

/// The maximum number of faces drawn for a die; a note counts the others.
const MAX_FACES_DRAWN: usize = 12;

/// A radio button: a die with its faces and its error rate.
pub(super) struct DieOption<'a> {
    pub(super) name: &'a str,
    /// Its faces, separated by commas.
    pub(super) values: String,
    /// The faces that are drawn.
    pub(super) drawn: &'a [u8],
    /// The number of faces that are not drawn.
    pub(super) more: usize,
    pub(super) error_rate: f64,
    pub(super) chosen: bool,
}

/// One button for each die; `chosen` is selected, or the plainest die if `chosen` does not exist.
pub(super) fn options<'a>(dice: &'a [Die], chosen: Option<&str>) -> Vec<DieOption<'a>> {
    let mut dice: Vec<_> = dice.iter().collect();
    let rank = |name: &str| FIRST.iter().position(|first| *first == name);
    // A stable sort: dice without a rank keep their order.
    dice.sort_by_key(|die| rank(&die.identifier).unwrap_or(FIRST.len()));
    let position = |name: &str| dice.iter().position(|die| die.identifier == name);
    let selected = chosen.and_then(position);
    let selected = selected.or_else(|| position("fair")).unwrap_or(0);
    let numbered = dice.into_iter().enumerate();
    numbered
        .map(|(at, die)| DieOption::new(die, at == selected))
        .collect()
}

impl<'a> DieOption<'a> {
    fn new(die: &'a Die, chosen: bool) -> Self {
        let Specification { faces, error_rate } = &die.specification;
        let values: Vec<_> = faces.iter().map(u8::to_string).collect();
        let drawn = &faces[..faces.len().min(MAX_FACES_DRAWN)];
        Self {
            name: &die.identifier,
            values: values.join(","),
            drawn,
            more: faces.len() - drawn.len(),
            error_rate: *error_rate,
            chosen,
        }
    }

    pub(super) fn odds(&self) -> String {
        if self.error_rate == 0.0 {
            return "no roll fails".to_owned();
        }
        let percent = (self.error_rate * 1000.0).round() / 10.0;
        format!("{percent} % of rolls fail")
    }
}
