//! What this run is: a stage, with what the flags change of it.

use crate::cli::{LogFormat, LogRoutes, Options};
use crate::stage::Stage;

/// Decided before anything starts. A port is that of a service that the stage has.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) stage: &'static Stage,
    pub(crate) dice_roller: u16,
    pub(crate) frontend: Option<u16>,
    pub(crate) die_service: Option<u16>,
    pub(crate) usage_sink: Option<u16>,
    pub(crate) log_routes: LogRoutes,
}

impl Plan {
    /// Flags win over the stage; those for what it does not have are [`unused`](Self::unused).
    ///
    /// # Errors
    /// When usage lines would go to a usage-sink that is not there, or in a form that it cannot read.
    pub(crate) fn new(options: &Options) -> Result<Self, String> {
        let stage = Stage::numbered(options.stage);
        let or = |port: Option<u16>, flag: Option<u16>| port.map(|port| flag.unwrap_or(port));
        let by_default = match stage.usage_sink {
            Some(_) => LogRoutes::Usage,
            None => LogRoutes::Loki,
        };
        let log_routes = options.log_routes.unwrap_or(by_default);
        if log_routes != LogRoutes::Loki && stage.usage_sink.is_none() {
            return Err(format!(
                "stage {} has no usage-sink: --log-routes can only be loki; stage 6 has one",
                stage.number
            ));
        }
        if log_routes != LogRoutes::Loki && options.log_format == Some(LogFormat::Pretty) {
            return Err(format!(
                "stage {} routes usage lines by what they say, which needs JSON: \
                 --log-format pretty works with --log-routes loki only",
                stage.number
            ));
        }
        Ok(Self {
            stage,
            dice_roller: options.dice_roller_port.unwrap_or(stage.dice_roller),
            frontend: or(stage.frontend, options.frontend_port),
            die_service: or(stage.die_service, options.die_service_port),
            usage_sink: or(stage.usage_sink, options.usage_sink_port),
            log_routes,
        })
    }

    /// Says which flags are for parts that this stage does not have.
    pub(crate) fn unused(&self, options: &Options) -> Vec<String> {
        let stage = self.stage;
        let flags = [
            (
                options.frontend_port.is_some() && stage.frontend.is_none(),
                "--frontend-port",
                "frontend",
            ),
            (
                options.die_service_port.is_some() && stage.die_service.is_none(),
                "--die-service-port",
                "die-service",
            ),
            (
                options.usage_sink_port.is_some() && stage.usage_sink.is_none(),
                "--usage-sink-port",
                "usage-sink",
            ),
            (
                options.database_url.is_some() && !stage.database,
                "--database-url",
                "database",
            ),
            (
                options.usage_database_url.is_some() && stage.usage_sink.is_none(),
                "--usage-database-url",
                "usage-sink",
            ),
        ];
        let unused = flags.iter().filter(|(is_unused, ..)| *is_unused);
        unused
            .map(|(_, flag, part)| {
                let number = stage.number;
                format!("demo: {flag} is not used: stage {number} has no {part}")
            })
            .collect()
    }

    /// The port of the service that is asked for rolls.
    pub(crate) fn entry(&self) -> u16 {
        self.frontend.unwrap_or(self.dice_roller)
    }
}
