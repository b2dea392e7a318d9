//! The URL to which spans are posted, from two flags and two variables.

use std::ffi::OsString;

use base_url::endpoint;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use url::Url;

use crate::client::http_url;
use crate::environment;
use crate::settings::HEADING;

const BASE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";

/// The URL to which spans are posted, if there is one. Flags take precedence over both variables,
/// and the URL for traces over the base URL. If the variable with precedence is invalid, no spans
/// are exported: spans meant for one collector must not go to another.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint(Option<Url>);

/// The flags as clap shows them.
#[derive(Debug, Args)]
#[command(next_help_heading = HEADING)]
struct EndpointFlags {
    /// Base URL of the OTLP/HTTP receiver; spans are posted to URL/v1/traces
    #[arg(long, env = BASE, value_name = "URL")]
    #[arg(default_value = "http://localhost:4318", value_parser = http_url)]
    otlp_endpoint: Url,

    /// Full URL to which spans are posted, in place of one below the base URL. Flags take
    /// precedence over the variables of both
    #[arg(long, env = TRACES, value_name = "URL", value_parser = http_url)]
    otlp_traces_endpoint: Option<Url>,
}

impl Endpoint {
    pub(crate) fn url(&self) -> Option<&Url> {
        self.0.as_ref()
    }

    /// Chooses the URL, and notes which variables are invalid.
    fn choose(flags: EndpointFlags, is_flag: impl Fn(&str) -> bool) -> Self {
        const NOTHING: &str = "no spans are exported";
        let base = below(&flags.otlp_endpoint);
        let problems = [BASE, TRACES].map(problem);
        let [base_problem, traces_problem] = &problems;
        let (url, instead) = if is_flag("otlp_traces_endpoint") {
            (flags.otlp_traces_endpoint, "--otlp-traces-endpoint is used")
        } else if is_flag("otlp_endpoint") {
            (Some(base), "--otlp-endpoint is used")
        } else if traces_problem.is_some() {
            (None, NOTHING)
        } else if flags.otlp_traces_endpoint.is_some() {
            (
                flags.otlp_traces_endpoint,
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is used",
            )
        } else if base_problem.is_some() {
            (None, NOTHING)
        } else {
            (Some(base), "")
        };
        for (variable, problem) in [BASE, TRACES].into_iter().zip(&problems) {
            if let Some((value, problem)) = problem {
                environment::ignore(variable, shown(value), &format!("{problem}; {instead}"));
            }
        }
        Self(url)
    }
}

/// The URL that receives spans below `base`, whose query is kept.
fn below(base: &Url) -> Url {
    let mut url = endpoint(base, "/v1/traces", &[]);
    url.set_query(base.query());
    url
}

/// The value of a variable that is set but invalid, and what is wrong with it.
fn problem(variable: &str) -> Option<(OsString, String)> {
    let value = environment::set(variable)?;
    let problem = match value.to_str() {
        Some(text) => http_url(text).err()?,
        None => environment::NOT_UTF8.to_owned(),
    };
    Some((value, problem))
}

/// The part of an invalid value that can be shown: a URL without credentials, or a host with a
/// port. Anything else may be a misplaced secret.
fn shown(value: &OsString) -> Option<String> {
    let text = value.to_str()?;
    let is_host = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
    };
    if let Some((host, port)) = text.split_once(':')
        && is_host(host)
        && port.parse::<u16>().is_ok()
    {
        return Some(text.to_owned());
    }
    let url = Url::parse(text).ok()?;
    url.has_host().then(|| crate::client::shown(&url))
}

impl FromArgMatches for Endpoint {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let flags = EndpointFlags::from_arg_matches(matches)?;
        let is_flag = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
        Ok(Self::choose(flags, is_flag))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Endpoint {
    fn augment_args(command: Command) -> Command {
        EndpointFlags::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        EndpointFlags::augment_args_for_update(command)
    }
}
