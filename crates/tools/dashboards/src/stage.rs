//! The stages, which only dashboards tell apart: services know nothing of them.

/// A step of the tour. Each runs what the one before ran, and something new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// dice-roller alone, with its built-in dice.
    One = 1,
    /// A frontend calls it: traces cross a process boundary.
    Two,
    /// die-service holds the dice: three hops, and a dependency that can fail.
    Three,
    /// Batches of concurrent rolls.
    Four,
    /// die-service keeps its dice in PostgreSQL: a dependency with state, which can be away.
    Five,
    /// Usage events leave the log stream for a database of their own.
    Six,
}

impl Stage {
    /// All, in order.
    pub const ALL: [Self; 6] = [
        Self::One,
        Self::Two,
        Self::Three,
        Self::Four,
        Self::Five,
        Self::Six,
    ];

    /// Its number, 1 to 6.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// `text` with this stage's number in place of the `N` of each `stageN`.
    pub(crate) fn fill(self, text: &str) -> String {
        text.replace("stageN", &format!("stage{}", self.number()))
    }
}
