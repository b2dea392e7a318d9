//! A stage, as its file in `stack/stages` defines it.

use std::fmt;

use crate::component::Component;

/// usage-sink's port without Docker; Compose does not publish it.
const USAGE_SINK_PORT: u16 = 8115;

/// The prober's port without Docker, in every stage; Compose does not publish it.
pub const PROBER_PORT: u16 = 8116;

/// The files, in the order of the stages.
const FILES: [&str; 6] = [
    include_str!("../../../../stack/stages/1.env"),
    include_str!("../../../../stack/stages/2.env"),
    include_str!("../../../../stack/stages/3.env"),
    include_str!("../../../../stack/stages/4.env"),
    include_str!("../../../../stack/stages/5.env"),
    include_str!("../../../../stack/stages/6.env"),
];

/// A topology of the same programs. Each stage extends the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// dice-roller alone, with its built-in dice.
    One = 1,
    /// A frontend calls it: traces cross a process boundary.
    Two,
    /// die-service holds the dice: three hops, and a dependency that can fail.
    Three,
    /// Batches of concurrent rolls.
    Four,
    /// die-service keeps its dice in PostgreSQL: a dependency with state, which can fail.
    Five,
    /// Usage events leave the log stream for a database of their own.
    Six,
}

/// A number outside 1 to 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not in 1..=6")]
pub struct NoSuchStage(u8);

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 6] = [
        Self::One,
        Self::Two,
        Self::Three,
        Self::Four,
        Self::Five,
        Self::Six,
    ];

    /// The default stage; `.env` has its values.
    pub const DEFAULT: Self = Self::Four;

    /// Its number, 1 to 6.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Whether it runs `component`: its `_SCALE` is 1, or it has none because every stage runs it.
    #[must_use]
    pub fn runs(self, component: Component) -> bool {
        self.variable(&component.variable("SCALE")) != Some("0")
    }

    /// The port of `component` on this machine: Compose's default, also used without Docker. None
    /// for components outside the stage, and for PostgreSQL, which has no fixed port.
    #[must_use]
    pub fn port(self, component: Component) -> Option<u16> {
        if !self.runs(component) {
            return None;
        }
        if component == Component::UsageSink {
            return Some(USAGE_SINK_PORT);
        }
        let port = self.variable(&component.variable("PORT"))?;
        Some(port.parse().expect("a port in stack/stages is a number"))
    }

    /// The component that users send their requests to.
    #[must_use]
    pub fn entry(self) -> Component {
        match self.runs(Component::Frontend) {
            true => Component::Frontend,
            false => Component::DiceRoller,
        }
    }

    /// Whether users only roll dice: there is no page for them to open.
    #[must_use]
    pub fn only_rolls(self) -> bool {
        self.required("ONLY_ROLLS") == "true"
    }

    /// The share of batches among the users' rolls, 0 to 1, as a flag of `traffic-gen`.
    #[must_use]
    pub fn async_probability(self) -> &'static str {
        self.required("ASYNC_PROBABILITY")
    }

    /// Whether users roll batches.
    #[must_use]
    pub fn has_batches(self) -> bool {
        self.async_probability() != "0"
    }

    /// The largest batch of the prober, as a flag of it: 1 in stages without batches.
    #[must_use]
    pub fn probe_max_batch(self) -> &'static str {
        self.required("PROBE_MAX_BATCH")
    }

    /// The shortest pause between two probes of a die, as a flag of the prober.
    #[must_use]
    pub fn probe_min_interval(self) -> &'static str {
        self.required("PROBE_MIN_INTERVAL")
    }

    /// The Prometheus job of a component in this stage, and the name of its container:
    /// `frontend-stage4`.
    #[must_use]
    pub fn job(self, component: &str) -> String {
        format!("{component}-stage{self}")
    }

    /// The uid of its dashboard in Grafana.
    #[must_use]
    pub fn dashboard_uid(self) -> String {
        format!("stage{self}-dice-roller")
    }

    /// The command that starts it in Docker, or changes to it from another stage.
    #[must_use]
    pub fn compose_up(self) -> String {
        match self {
            Self::DEFAULT => "docker compose up --wait".to_owned(),
            _ => format!(
                "docker compose --env-file stack/stages/{self}.env up -d --wait --remove-orphans"
            ),
        }
    }

    /// A variable of its file, if the file sets it.
    fn variable(self, name: &str) -> Option<&'static str> {
        let file = FILES[usize::from(self.number() - 1)];
        let lines = file.lines().filter(|line| !line.starts_with('#'));
        let mut variables = lines.filter_map(|line| line.split_once('='));
        variables
            .find(|(set, _)| *set == name)
            .map(|(_, value)| value)
    }

    fn required(self, name: &str) -> &'static str {
        let value = self.variable(name);
        value.unwrap_or_else(|| panic!("stack/stages/{self}.env must set {name}"))
    }
}

impl TryFrom<u8> for Stage {
    type Error = NoSuchStage;

    fn try_from(number: u8) -> Result<Self, NoSuchStage> {
        let found = Self::ALL.into_iter().find(|stage| stage.number() == number);
        found.ok_or(NoSuchStage(number))
    }
}

/// Its number.
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}
