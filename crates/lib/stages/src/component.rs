//! The components of stages.

/// A program that runs in some stages. Programs that run in all stages are not components: the
/// observability stack, the simulated users, the prober and KTRDR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// Stores the dice.
    DieService,
    /// Rolls the dice.
    DiceRoller,
    /// Serves the page, and is the entry for users in the stages that have it.
    Frontend,
    /// Stores usage events.
    UsageSink,
    /// The database of die-service and usage-sink; its exporter runs with it.
    Postgres,
}

impl Component {
    /// All components: those that a roll passes through, then the others.
    pub const ALL: [Self; 5] = [
        Self::Frontend,
        Self::DiceRoller,
        Self::DieService,
        Self::UsageSink,
        Self::Postgres,
    ];

    /// Its name in docker-compose.yml, which is also its `service.name`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DieService => "die-service",
            Self::DiceRoller => "dice-roller",
            Self::Frontend => "frontend",
            Self::UsageSink => "usage-sink",
            Self::Postgres => "postgres",
        }
    }

    /// The name of its variable with that `suffix`, as in `DIE_SERVICE_PORT`.
    pub(crate) fn variable(self, suffix: &str) -> String {
        let name = self.name().to_uppercase().replace('-', "_");
        format!("{name}_{suffix}")
    }
}
