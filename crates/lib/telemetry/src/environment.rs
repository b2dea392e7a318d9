//! Environment variables, read as OpenTelemetry's specification demands:
//! <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>
//!
//! A shell may have set them for other programs. An unknown value is therefore ignored with a
//! warning, while the same value of a flag is an error that ends the program. Enum values are read
//! in any case. A warning names the variable, its value, and what is used instead.

mod headers;

use std::ffi::OsString;
use std::sync::{Mutex, PoisonError};

use clap::builder::Resettable;
use clap::{Arg, Command};

use crate::bounded;
use crate::secrets::text_without_secret;

/// Warnings that wait until logging is set up.
static IGNORED: Mutex<Vec<Ignored>> = Mutex::new(Vec::new());

pub(crate) const NOT_UTF8: &str = "not UTF-8";

/// A variable of the specification that would change the export, but has no effect here.
struct WithoutEffect {
    name: &'static str,
    /// The one value that describes what this program does, compared in any case.
    fine: &'static str,
    /// What is used instead.
    instead: &'static str,
}

const WITHOUT_EFFECT: [WithoutEffect; 7] = [
    without("OTEL_EXPORTER_OTLP_CERTIFICATE", "", "there is no TLS"),
    without(
        "OTEL_EXPORTER_OTLP_COMPRESSION",
        "none",
        "spans are not compressed",
    ),
    without(
        "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
        "",
        "there is no TLS",
    ),
    without(
        "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
        "none",
        "spans are not compressed",
    ),
    without(
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        "http/protobuf",
        "http/protobuf is used",
    ),
    without(
        "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
        "",
        "OTEL_EXPORTER_OTLP_TIMEOUT or its default is used",
    ),
    without("OTEL_PROPAGATORS", "tracecontext", "tracecontext is used"),
];

const fn without(name: &'static str, fine: &'static str, instead: &'static str) -> WithoutEffect {
    WithoutEffect {
        name,
        fine,
        instead,
    }
}

/// A variable whose value is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ignored {
    variable: String,
    /// None if it may be a secret.
    value: Option<String>,
    /// Why, and what is used instead.
    reason: String,
}

/// An empty variable counts as unset, as in OpenTelemetry's specification and in compose files. And
/// `--help` shows variables without their values, which may be secret.
#[must_use]
pub fn ignore_if_empty(flag: Arg) -> Arg {
    let flag = flag.hide_env_values(true);
    let variable = flag.get_env().map(std::env::var_os);
    match variable.flatten() {
        Some(value) if value.is_empty() => flag.env(Resettable::Reset),
        _ => lenient(flag),
    }
}

/// Makes the variable of `flag` lenient: an invalid value is ignored with a warning. This applies
/// to `OTEL_*` and `RUST_LOG`; all other variables are this project's own, and strict.
fn lenient(flag: Arg) -> Arg {
    let Some(variable) = flag.get_env().and_then(|name| name.to_str()) else {
        return flag;
    };
    let is_foreign = variable.starts_with("OTEL_") || variable == "RUST_LOG";
    let Some(value) = set(variable).filter(|_| is_foreign) else {
        return flag;
    };
    let problem = match value.to_str() {
        // A boolean is never invalid: anything but true is false.
        Some(_) if !flag.get_action().takes_values() => return flag,
        Some(text) => {
            let Some(said) = problem(&flag, text) else {
                return flag;
            };
            let lower = text.to_ascii_lowercase();
            if problem(&flag, &lower).is_none() {
                return flag.env(Resettable::Reset).default_value(lower);
            }
            said
        }
        None => NOT_UTF8.to_owned(),
    };
    // The replacement of an endpoint depends on other flags, see `endpoint.rs`.
    if !variable.ends_with("_ENDPOINT") {
        let shown = text_without_secret(&value.to_string_lossy());
        ignore(
            variable,
            Some(shown),
            &format!("{problem}; {}", default_of(&flag)),
        );
    }
    flag.env(Resettable::Reset)
}

/// What is used if neither the flag nor its variable is set.
fn default_of(flag: &Arg) -> String {
    let defaults = flag.get_default_values();
    let defaults = defaults.iter().map(|value| value.to_string_lossy());
    match defaults.collect::<Vec<_>>().join(",") {
        none if none.is_empty() => "nothing is used in its place".to_owned(),
        default => format!("the default {default} is used"),
    }
}

/// The value of a variable that is set and not empty.
pub(crate) fn set(variable: &str) -> Option<OsString> {
    std::env::var_os(variable).filter(|value| !value.is_empty())
}

/// Why `value` is invalid for `flag`: clap's message without the value itself, which may be a
/// secret.
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
    Some(words.unwrap_or("not an allowed value").to_owned())
}

/// Notes that the value of `variable`, or a part of it, is ignored. `reason` also says what is used
/// instead.
pub(crate) fn ignore(variable: &str, value: Option<String>, reason: &str) {
    let ignored = Ignored {
        variable: variable.to_owned(),
        value: value.map(|value| bounded(&value).to_owned()),
        reason: reason.to_owned(),
    };
    let mut all = IGNORED.lock().unwrap_or_else(PoisonError::into_inner);
    // A command line is parsed more than once.
    if !all.contains(&ignored) {
        all.push(ignored);
    }
}

/// Logs a warning for each ignored variable.
pub(crate) fn warn() {
    for WithoutEffect {
        name,
        fine,
        instead,
    } in WITHOUT_EFFECT
    {
        let value = set(name).map(|value| value.to_string_lossy().into_owned());
        if let Some(value) = value.filter(|value| !value.eq_ignore_ascii_case(fine)) {
            let reason = format!("it has no effect here; {instead}");
            ignore(name, Some(text_without_secret(&value)), &reason);
        }
    }
    headers::check();
    let mut all = IGNORED.lock().unwrap_or_else(PoisonError::into_inner);
    for ignored in all.drain(..) {
        let Ignored {
            variable,
            value,
            reason,
        } = ignored;
        tracing::warn!(variable, value, reason, "Variable ignored");
    }
}
