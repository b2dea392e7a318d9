//! Variables as OpenTelemetry's specification wants them read:
//! <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>
//!
//! A shell may have set them for other programs. A value that this program does not know is
//! ignored with a warning, where the same value of a flag is a mistake that ends the program.
//! Enum values are read in any case.

use std::sync::{Mutex, PoisonError};

use clap::builder::Resettable;
use clap::{Arg, Command};

use crate::client::http_url;

/// What is to be logged once there is a log.
static IGNORED: Mutex<Vec<Ignored>> = Mutex::new(Vec::new());

/// Variables of the specification that would change what is exported, and do nothing here.
const WITHOUT_EFFECT: [&str; 7] = [
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_COMPRESSION",
    "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
    "OTEL_PROPAGATORS",
];

/// The variables that say where spans are posted.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
];

/// A variable that was set in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ignored {
    variable: String,
    reason: String,
}

/// The flag with what its variable says, as far as that can be used. Variables with other names
/// than `OTEL_...` and `RUST_LOG` are this project's own, and strict.
#[must_use]
pub fn lenient(flag: Arg) -> Arg {
    let Some(variable) = flag.get_env().and_then(|name| name.to_str()) else {
        return flag;
    };
    let is_foreign = variable.starts_with("OTEL_") || variable == "RUST_LOG";
    // A boolean is never wrong: whatever is not true is false.
    if !is_foreign || !flag.get_action().takes_values() {
        return flag;
    }
    let variable = variable.to_owned();
    if variable == "OTEL_TRACES_EXPORTER" && has_no_endpoint() {
        return flag.env(Resettable::Reset).default_value("none");
    }
    let Some(value) = std::env::var_os(&variable).filter(|value| !value.is_empty()) else {
        return flag;
    };
    let text = value.to_string_lossy().into_owned();
    let Some(problem) = problem(&flag, &text) else {
        return flag;
    };
    let lower = text.to_ascii_lowercase();
    if self::problem(&flag, &lower).is_none() {
        return flag.env(Resettable::Reset).default_value(lower);
    }
    let instead = if ENDPOINTS.contains(&&*variable) {
        "; no spans are exported"
    } else {
        "; the default is used"
    };
    ignore(variable, format!("{problem}{instead}"));
    flag.env(Resettable::Reset)
}

/// Whether the variable that decides where spans are posted cannot be used: the last of
/// [`ENDPOINTS`] that is set. Spans for a collector that cannot be reached must not go to another.
fn has_no_endpoint() -> bool {
    let values = ENDPOINTS.iter().filter_map(std::env::var_os);
    let mut texts = values.map(|value| value.to_string_lossy().into_owned());
    let last = texts.rfind(|text| !text.is_empty());
    last.is_some_and(|text| http_url(&text).is_err())
}

/// Why `value` cannot be a value of `flag`, in clap's words without the value itself, which may be
/// a secret.
fn problem(flag: &Arg, value: &str) -> Option<String> {
    let name = flag.get_long()?;
    let argument = format!("--{name}={value}");
    let alone = flag.clone().env(Resettable::Reset).global(false);
    let command = Command::new("variable").no_binary_name(true).arg(alone);
    let error = command.try_get_matches_from([argument]).err()?;
    let text = error.to_string();
    let allowed = text.lines().find(|line| line.contains("possible values"));
    let reason = text.lines().next().and_then(|line| line.rsplit_once(": "));
    let words = allowed.map(str::trim).or(reason.map(|(_, reason)| reason));
    Some(words.unwrap_or("not a value that is allowed").to_owned())
}

fn ignore(variable: String, reason: String) {
    let ignored = Ignored { variable, reason };
    let mut all = IGNORED.lock().unwrap_or_else(PoisonError::into_inner);
    // A command line is looked at more than once.
    if !all.contains(&ignored) {
        all.push(ignored);
    }
}

/// Logs a warning for each variable that was set in vain.
pub(crate) fn warn() {
    let set = WITHOUT_EFFECT.into_iter().filter(|name| {
        let value = std::env::var_os(name);
        value.is_some_and(|value| !value.is_empty() && value != "none")
    });
    for variable in set {
        ignore(variable.to_owned(), "it has no effect here".to_owned());
    }
    let mut all = IGNORED.lock().unwrap_or_else(PoisonError::into_inner);
    for Ignored { variable, reason } in all.drain(..) {
        tracing::warn!(variable, reason, "Variable ignored");
    }
}
