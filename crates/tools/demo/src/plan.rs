//! The plan of this run: a stage, as changed by flags.

use stages::{Component, Stage};

use crate::cli::{LogFormat, LogRoutes, Options};
use crate::flags::Folder;
use crate::topology::url;

/// The settings that are fixed before anything starts.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) stage: Stage,
    /// The ports of the components in the stage.
    ports: Vec<(Component, u16)>,
    pub(crate) log_routes: LogRoutes,
}

impl Plan {
    /// Flags override the stage; flags for components outside the stage are
    /// [`unused`](Self::unused).
    ///
    /// # Errors
    /// When usage lines would go to a missing usage-sink, or in a format that it cannot read.
    pub(crate) fn new(options: &Options) -> Result<Self, String> {
        let stage = options.stage;
        let ports = Component::ALL.into_iter().filter_map(|component| {
            let default = stage.port(component)?;
            Some((component, options.port(component).unwrap_or(default)))
        });
        Ok(Self {
            stage,
            ports: ports.collect(),
            log_routes: log_routes(options)?,
        })
    }

    /// The folder with the file of flags of this run.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn flags(&self, options: &Options) -> Result<Folder, String> {
        let port = self.port(self.stage.entry());
        let port = port.expect("every stage has the service that its users call");
        Folder::create(port, self.stage, options.ktrdr)
    }

    /// Warnings for flags of components that are not in this stage.
    pub(crate) fn unused(&self, options: &Options) -> Vec<String> {
        let ports = Component::ALL.into_iter().map(|component| {
            let name = component.name();
            let is_given = options.port(component).is_some();
            (is_given, component, format!("--{name}-port"), name)
        });
        let dice = (
            options.database_url.is_some(),
            Component::Postgres,
            "--database-url".to_owned(),
            "database",
        );
        let usage = (
            options.usage_database_url.is_some(),
            Component::UsageSink,
            "--usage-database-url".to_owned(),
            Component::UsageSink.name(),
        );
        let stage = self.stage;
        let unused = ports
            .chain([dice, usage])
            .filter(|(is_given, component, ..)| *is_given && !stage.runs(*component));
        unused
            .map(|(_, _, flag, part)| {
                format!("demo: {flag} is not used: stage {stage} has no {part}")
            })
            .collect()
    }

    /// The port of a component of the stage.
    pub(crate) fn port(&self, component: Component) -> Option<u16> {
        let port = self.ports.iter().find(|(it, _)| *it == component);
        port.map(|(_, port)| *port)
    }

    /// The URL of a component of the stage.
    pub(crate) fn url(&self, component: Component) -> Option<String> {
        self.port(component).map(url)
    }

    /// The URL of dice-roller.
    pub(crate) fn dice_roller(&self) -> String {
        let url = self.url(Component::DiceRoller);
        url.expect("every stage has dice-roller")
    }

    /// The URL of the service that users call.
    pub(crate) fn entry(&self) -> String {
        let url = self.url(self.stage.entry());
        url.expect("every stage has the service that its users call")
    }
}

/// The destination of usage lines: usage-sink by default, if the stage has it.
fn log_routes(options: &Options) -> Result<LogRoutes, String> {
    let stage = options.stage;
    let has_sink = stage.runs(Component::UsageSink);
    let by_default = match has_sink {
        true => LogRoutes::Usage,
        false => LogRoutes::Loki,
    };
    let log_routes = options.log_routes.unwrap_or(by_default);
    if log_routes != LogRoutes::Loki && !has_sink {
        return Err(format!(
            "stage {stage} has no usage-sink: use --log-routes loki, or stage 6"
        ));
    }
    if log_routes != LogRoutes::Loki && options.log_format == Some(LogFormat::Pretty) {
        return Err(format!(
            "stage {stage} routes usage lines by their content, which requires JSON: \
             use --log-format json, or --log-routes loki"
        ));
    }
    Ok(log_routes)
}

/// For `--help`: the components and ports of each stage.
pub(crate) fn table() -> String {
    let head = "Stages and their default ports:\n  \
                stage  die-service  dice-roller  frontend  usage-sink  PostgreSQL";
    let rows = Stage::ALL.into_iter().map(|stage| {
        let port = |component| match stage.port(component) {
            Some(port) => port.to_string(),
            None => "-".to_owned(),
        };
        format!(
            "\n  {stage}      {:12} {:<12} {:9} {:11} {}",
            port(Component::DieService),
            port(Component::DiceRoller),
            port(Component::Frontend),
            port(Component::UsageSink),
            match stage.runs(Component::Postgres) {
                true => "a free one",
                false => "-",
            },
        )
    });
    [head.to_owned()].into_iter().chain(rows).collect()
}
