//! The URL of a database, as PostgreSQL's own clients interpret it:
//! <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING>

use std::ffi::OsStr;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use telemetry::bounded;
use url::Url;

/// The modes that need TLS, which is not built in.
const NEEDS_TLS: [&str; 3] = ["require", "verify-ca", "verify-full"];

/// Supported parameters, besides `options[...]`.
const KNOWN: [&str; 10] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslmode",
    "statement-cache-capacity",
    "user",
];

const NOT_A_URL: &str = "not the URL of a database, as in postgres://user@localhost:5432/name";

const SEVERAL_HOSTS: &str = "several hosts are not supported: use one";

const CONNECT_TIMEOUT: &str = "connect_timeout is not supported: --database-timeout or \
    DATABASE_TIMEOUT bounds connecting, too";

const STATEMENT_TIMEOUT: &str = "statement_timeout is not supported: it is what \
    --database-timeout or DATABASE_TIMEOUT says";

/// Parses the URL of a database that can be reached without TLS. The modes `allow` and `prefer`
/// equal `disable`, as in every client without TLS.
///
/// # Errors
/// A text with what is missing, or with the unsupported parameter. It never contains values that
/// may be passwords.
pub fn postgres_url(text: &str) -> Result<Url, String> {
    let mode = std::env::var_os("PGSSLMODE");
    postgres_url_in(text, mode.as_deref().and_then(OsStr::to_str))
}

/// Like [`postgres_url`], with `environment` as the value of `PGSSLMODE`.
fn postgres_url_in(text: &str, environment: Option<&str>) -> Result<Url, String> {
    let not_a_url = || NOT_A_URL.to_owned();
    // A list of hosts with ports is not a URL, but PostgreSQL's own clients accept it.
    if has_several_hosts(text) {
        return Err(SEVERAL_HOSTS.to_owned());
    }
    let url = Url::parse(text).map_err(|_| not_a_url())?;
    if !matches!(url.scheme(), "postgres" | "postgresql") || url.path().len() < 2 {
        return Err(not_a_url());
    }
    let host = url.host_str().ok_or_else(not_a_url)?;
    check_host(host)?;
    for (name, value) in url.query_pairs() {
        check_parameter(&name, &value)?;
    }
    let says_mode = url.query_pairs().any(|(name, _)| name == "sslmode");
    if let Some(mode) = environment.filter(|_| !says_mode) {
        check_sslmode("PGSSLMODE", mode)?;
    }
    PgConnectOptions::from_str(url.as_str()).map_err(|_| not_a_url())?;
    Ok(url)
}

fn check_parameter(name: &str, value: &str) -> Result<(), String> {
    match name {
        "sslmode" => check_sslmode("sslmode", value),
        "host" | "hostaddr" => check_host(value),
        "connect_timeout" => Err(CONNECT_TIMEOUT.to_owned()),
        "options[statement_timeout]" => Err(STATEMENT_TIMEOUT.to_owned()),
        name if name.starts_with("options") && value.contains("statement_timeout") => {
            Err(STATEMENT_TIMEOUT.to_owned())
        }
        name if KNOWN.contains(&name) || name.starts_with("options[") => Ok(()),
        name if name.starts_with("ssl") => Err(format!(
            "{:?} is for TLS, which is not supported",
            bounded(name)
        )),
        name => Err(format!(
            "unknown parameter {:?}; supported are {}",
            bounded(name),
            KNOWN.join(", ")
        )),
    }
}

fn check_sslmode(name: &str, mode: &str) -> Result<(), String> {
    match mode {
        "disable" | "allow" | "prefer" => Ok(()),
        mode if NEEDS_TLS.contains(&mode) => Err(format!(
            "{name}={mode} needs TLS, which is not supported; use disable, allow or prefer"
        )),
        _ => Err(format!("{name} must be disable, allow or prefer")),
    }
}

/// With several hosts, only the first would be used.
fn check_host(host: &str) -> Result<(), String> {
    match host.contains(',') || host.contains("%2C") || host.contains("%2c") {
        true => Err(SEVERAL_HOSTS.to_owned()),
        false => Ok(()),
    }
}

/// Whether the authority of `text` is a list of hosts, with ports or without.
fn has_several_hosts(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let hosts = authority.rsplit('@').next().unwrap_or_default();
    let is_host = |host: &str| match host.rsplit_once(':') {
        Some((_, port)) => host.ends_with(']') || port.bytes().all(|byte| byte.is_ascii_digit()),
        None => true,
    };
    hosts.contains(',') && hosts.split(',').all(is_host)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "postgres://me:hunter2@localhost:5432/dice";

    #[test]
    fn supported_parameters_are_accepted() {
        for query in [
            "",
            "?sslmode=disable",
            "?sslmode=prefer&application_name=me",
            "?options[search_path]=dice",
            "?options=-c%20search_path%3Ddice&dbname=other&port=5433",
        ] {
            let url = format!("{BASE}{query}");
            assert_eq!(postgres_url_in(&url, None).unwrap().as_str(), url);
        }
    }

    #[test]
    fn unsupported_parameters_are_rejected_by_name() {
        for (query, words) in [
            ("sslmode=require", "sslmode=require needs TLS"),
            (
                "sslmode=disable&sslmode=verify-full",
                "sslmode=verify-full needs TLS",
            ),
            ("sslmode=REQUIRE", "sslmode must be disable"),
            ("sslrootcert=/ca.pem", "\"sslrootcert\" is for TLS"),
            ("connect_timeout=10", "connect_timeout is not supported"),
            ("host=one,two", "several hosts"),
            (
                "options[statement_timeout]=1",
                "statement_timeout is not supported",
            ),
            (
                "options=-c%20statement_timeout%3D1",
                "statement_timeout is not supported",
            ),
            (
                "target_session_attrs=any",
                "unknown parameter \"target_session_attrs\"",
            ),
            ("port=many", "not the URL"),
        ] {
            let error = postgres_url_in(&format!("{BASE}?{query}"), None).unwrap_err();
            assert!(error.contains(words), "{query}: {error}");
            assert!(!error.contains("hunter2"), "{query}: {error}");
        }
    }

    #[test]
    fn several_hosts_are_rejected() {
        for hosts in [
            "one,two",
            "one:5432,two:5432",
            "one:5432,two",
            "one:,two",
            "[::1]:5432,[::1]",
            "one:5432,two:5432,three:1",
        ] {
            for user in ["", "me@", "me:hunter2@", "me:p@ss,w@"] {
                for path in ["/dice", "", "?sslmode=disable"] {
                    let url = format!("postgres://{user}{hosts}{path}");
                    let error = postgres_url_in(&url, None).unwrap_err();
                    assert!(error.contains("several hosts"), "{url}: {error}");
                }
            }
        }
        for other in ["postgres://me:a,b/c@host/dice", "one,two"] {
            let error = postgres_url_in(other, None).unwrap_err();
            assert!(error.contains("not the URL"), "{other}: {error}");
        }
        assert!(postgres_url_in("postgres://me:a,b@host/dice", None).is_ok());
    }

    #[test]
    fn the_variable_applies_if_the_url_has_no_sslmode() {
        let refused = postgres_url_in(BASE, Some("require")).unwrap_err();
        assert!(refused.contains("PGSSLMODE=require needs TLS"), "{refused}");
        assert!(postgres_url_in(BASE, Some("prefer")).is_ok());
        let explicit = format!("{BASE}?sslmode=disable");
        assert!(postgres_url_in(&explicit, Some("require")).is_ok());
    }
}
