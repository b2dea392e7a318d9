//! The databases of stages 5 and 6: given by flags, or on a PostgreSQL server of this run.
//!
//! The demo does not run that server itself: if the demo were killed, no process would be left to
//! stop it. Instead, a child of the demo does ([`keeper`]), which ends like the services when the
//! demo is gone. The demo watches the child ([`Postgres`]) and cleans up if it was killed.

pub(crate) mod keeper;
mod watched;

use stages::{Component, Stage};
use url::Url;

use crate::cli::Options;
use crate::environment::Decided;

pub(crate) use watched::Postgres;

/// The services with a database on the same server, each with a role of its own.
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
    /// Whether the database of the dice is on this run's own server.
    pub(crate) own: bool,
}

impl Databases {
    /// The databases given by flags. For the others, a server is started and stored in `server`
    /// before this waits for it.
    ///
    /// # Errors
    /// In one line, if PostgreSQL is not installed or does not start.
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

    /// The URL of the database of the service with that name, if it has one.
    pub(crate) fn of(&self, service: &str) -> Option<Url> {
        match service {
            "die-service" => self.dice.clone(),
            "usage-sink" => self.usage.clone(),
            _ => None,
        }
    }
}
