//! The environment of the demo's parts: an allow-list of variables that are passed on, and
//! variables that the demo sets itself.
//!
//! A developer's shell has variables for other programs: `OTEL_*` for a collector at the office,
//! `RUST_LOG`, `PG*`, `DATABASE_URL`, proxies. A part that read them could export its spans
//! elsewhere, log too little for routing, or fail to start. So a part gets only [`PASSED_ON`], and
//! every setting that a user may want to change is a flag of the demo.

use std::ffi::{OsStr, OsString};

use tokio::process::Command;

use crate::cli::{LogFormat, LogRoutes, Options};
use crate::flags::Folder;
use crate::plan::Plan;

/// Variables that the system, the dynamic linker and the tools for coverage and backtraces need,
/// and the one variable of OpenTelemetry that changes neither the destination of spans nor which
/// spans are exported: its attributes are added to those of the programs, except `service.name`,
/// which identifies the parts, and `service.version`, which is that of the build.
const PASSED_ON: [&str; 15] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "LANG",
    "LANGUAGE",
    "TZ",
    "NO_COLOR",
    "RUST_BACKTRACE",
    "RUST_LIB_BACKTRACE",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LLVM_PROFILE_FILE",
    RESOURCE_ATTRIBUTES,
];

const RESOURCE_ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";

/// The categories of a locale, as in `LC_ALL`.
const LOCALE: &str = "LC_";

/// Variables that a user may expect to reach the services, and the flags that replace them.
const FLAG_INSTEAD: [(&str, &str); 2] =
    [("RUST_LOG", "--log-filter"), ("LOG_FORMAT", "--log-format")];

/// The module of the frontend that logs usage events. They are INFO lines.
const USAGE_LINES: &str = "frontend::usage=info";

/// The settings of the demo for each part, as the programs' own variables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decided(Vec<(&'static str, String)>);

impl Decided {
    /// The settings for log lines. Usage lines that are routed are logged at any level.
    pub(crate) fn new(options: &Options, plan: &Plan) -> Self {
        let mut decided = Vec::new();
        decided.extend(options.log_format.map(|format| {
            let format = match format {
                LogFormat::Json => "json",
                LogFormat::Pretty => "pretty",
            };
            ("LOG_FORMAT", format.to_owned())
        }));
        decided.extend(options.log_filter.as_ref().map(|filter| {
            let filter = match plan.log_routes {
                LogRoutes::Loki => filter.clone(),
                LogRoutes::Usage | LogRoutes::UsageAndLoki => format!("{filter},{USAGE_LINES}"),
            };
            ("RUST_LOG", filter)
        }));
        if options.head_sampling < 1.0 {
            let ratio = options.head_sampling.to_string();
            decided.push(("OTEL_TRACES_SAMPLER_ARG", ratio));
        }
        Self(decided)
    }

    /// Also the file of flags that the services watch.
    pub(crate) fn with_flags(mut self, folder: &Folder) -> Self {
        let file = folder.flags().to_string_lossy().into_owned();
        self.0.push(("FAULTS_FILE", file));
        self
    }

    /// Sets the whole environment of `command`.
    pub(crate) fn give(&self, command: &mut Command) {
        command.env_clear();
        command.envs(std::env::vars_os().filter(|(name, _)| is_passed_on(name)));
        if let Some(attributes) = std::env::var_os(RESOURCE_ATTRIBUTES) {
            command.env(
                RESOURCE_ATTRIBUTES,
                of_any_service(&attributes.to_string_lossy()),
            );
        }
        for (name, value) in &self.0 {
            command.env(name, value);
        }
    }
}

/// Resource attributes without the name and the version of a service.
fn of_any_service(attributes: &str) -> String {
    let pairs = attributes.split(',').filter(|pair| {
        let key = pair.split('=').next().unwrap_or_default();
        !["service.name", "service.version"].contains(&key.trim())
    });
    pairs.collect::<Vec<_>>().join(",")
}

fn is_passed_on(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    PASSED_ON.contains(&name) || name.starts_with(LOCALE)
}

/// Names the variables of this shell that a user may expect to reach the services and that do not.
/// None if there are none.
pub(crate) fn left_out() -> Option<String> {
    let set = std::env::vars_os().filter(|(_, value)| !value.is_empty());
    let names = set.filter_map(|(name, _): (OsString, _)| name.into_string().ok());
    let mut names: Vec<String> = names.filter_map(|name| expected(&name)).collect();
    names.sort();
    let names = (!names.is_empty()).then(|| names.join(", "))?;
    Some(format!("Not passed on to the services: {names}"))
}

/// `name` with the flag that replaces it, if a user may expect it to reach the services.
fn expected(name: &str) -> Option<String> {
    let flag = FLAG_INSTEAD.iter().find(|(variable, _)| *variable == name);
    match flag {
        Some((_, flag)) => Some(format!("{name} (use {flag})")),
        None if name.starts_with("OTEL_") && !PASSED_ON.contains(&name) => Some(name.to_owned()),
        None => None,
    }
}
