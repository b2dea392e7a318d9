//! The databases of stages 5 and 6: those that were given, or a PostgreSQL of this run's own.
//!
//! The demo does not hold that server itself: when it is killed, there would be no process left to
//! stop it. A child of the demo does ([`keeper`]), which ends like the services when the demo is gone.
//! The demo watches it ([`Postgres`]) and clears up after it when it was killed.

pub(crate) mod keeper;
mod watched;

use stages::{Component, Stage};
use url::Url;

use crate::cli::Options;
use crate::environment::Decided;

pub(crate) use watched::Postgres;

/// Who keeps something in a database of the same server, each as its only role.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tenant {
    role: &'static str,
    database: &'static str,
}

const DICE: Tenant = Tenant {
    role: "die_service",
    database: "dice",
};

const USAGE: Tenant = Tenant {
    role: "usage_sink",
    database: "usage",
};

/// The databases of this run; none in most stages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Databases {
    pub(crate) dice: Option<Url>,
    pub(crate) usage: Option<Url>,
    /// Whether that of the dice is on this run's own server.
    pub(crate) own: bool,
}

impl Databases {
    /// Those given, and for the others a server, which is put into `server` before it is waited for.
    ///
    /// # Errors
    /// In one line, when there is no PostgreSQL or it does not start.
    pub(crate) async fn provide(
        stage: Stage,
        options: &Options,
        decided: &Decided,
        server: &mut Option<Postgres>,
    ) -> Result<Self, String> {
        let needed = |needed: bool, given: &Option<Url>| needed.then(|| given.clone());
        let dice = needed(stage.runs(Component::Postgres), &options.database_url);
        let usage = needed(
            stage.runs(Component::UsageSink),
            &options.usage_database_url,
        );
        let mut tenants = Vec::new();
        tenants.extend(matches!(dice, Some(None)).then_some(DICE));
        tenants.extend(matches!(usage, Some(None)).then_some(USAGE));
        let own = matches!(dice, Some(None));
        let mut made = Vec::new();
        if !tenants.is_empty() {
            let server = server.insert(Postgres::start(stage, &tenants, decided)?);
            made = server.databases(tenants.len()).await?;
        }
        let mut made = made.into_iter();
        let mut or_made =
            |given: Option<Option<Url>>| given.and_then(|url| url.or_else(|| made.next()));
        Ok(Self {
            dice: or_made(dice),
            usage: or_made(usage),
            own,
        })
    }

    /// That of the service of that name, if it has one.
    pub(crate) fn of(&self, service: &str) -> Option<Url> {
        match service {
            "die-service" => self.dice.clone(),
            "usage-sink" => self.usage.clone(),
            _ => None,
        }
    }
}
