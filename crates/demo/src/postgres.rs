//! The databases of stages 5 and 6: those that were given, or a PostgreSQL of this run's own.
//!
//! The demo does not hold that server itself: when it is killed, nobody would be left to stop it.
//! A child of the demo does ([`keeper`]), which ends like the services when the demo is gone.

pub(crate) mod keeper;

use local_postgres::LocalPostgres;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::child;
use crate::cli::Options;
use crate::stage::Stage;

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
        stage: &Stage,
        options: &Options,
        server: &mut Option<Postgres>,
    ) -> Result<Self, String> {
        let needed = |needed: bool, given: &Option<Url>| needed.then(|| given.clone());
        let dice = needed(stage.database, &options.database_url);
        let usage = needed(stage.usage_sink.is_some(), &options.usage_database_url);
        let mut tenants = Vec::new();
        tenants.extend(matches!(dice, Some(None)).then_some(DICE));
        tenants.extend(matches!(usage, Some(None)).then_some(USAGE));
        let own = matches!(dice, Some(None));
        let mut made = Vec::new();
        if !tenants.is_empty() {
            let server = server.insert(Postgres::start(stage, &tenants)?);
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

/// The child that keeps the server.
#[derive(Debug)]
pub(crate) struct Postgres {
    child: Child,
    _tether: Option<ChildStdin>,
}

impl Postgres {
    fn start(stage: &Stage, tenants: &[Tenant]) -> Result<Self, String> {
        if !LocalPostgres::is_there() {
            let flags = match stage.usage_sink {
                None => "--database-url (DATABASE_URL)",
                Some(_) => {
                    "--database-url and --usage-database-url (DATABASE_URL, USAGE_DATABASE_URL)"
                }
            };
            return Err(format!(
                "stage {} needs PostgreSQL, which is not installed: apt-get install postgresql, \
                 or say with {flags} where there is one",
                stage.number
            ));
        }
        let tenants = tenants
            .iter()
            .map(|Tenant { role, database }| format!("{role}={database}"));
        let arguments: Vec<_> = [keeper::NAME.to_owned()]
            .into_iter()
            .chain(tenants)
            .collect();
        let child = child::command(&arguments).and_then(|mut command| command.spawn());
        let mut child = child.map_err(|error| format!("PostgreSQL cannot be started: {error}"))?;
        Ok(Self {
            _tether: child.stdin.take(),
            child,
        })
    }

    /// The URLs of its `count` databases, once they are there.
    async fn databases(&mut self, count: usize) -> Result<Vec<Url>, String> {
        let stdout = self.child.stdout.take().expect("piped, and asked for once");
        let mut lines = BufReader::new(stdout).lines();
        let mut urls = Vec::new();
        while urls.len() < count {
            let line = lines.next_line().await.ok().flatten();
            let url = line.and_then(|line| Url::parse(&line).ok());
            // What went wrong, the child has said.
            urls.push(url.ok_or("there is no PostgreSQL to run with")?);
        }
        Ok(urls)
    }

    /// Tells it to end and waits until `deadline`. It is not killed then: it has still to clear up.
    pub(crate) async fn stop(mut self, deadline: Instant) {
        child::tell_to_end(&self.child);
        if timeout_at(deadline, self.child.wait()).await.is_err() {
            eprintln!("demo: PostgreSQL is still stopping");
        }
    }
}
