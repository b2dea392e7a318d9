//! PostgreSQL: which roles may connect to which database, and how.

use std::collections::BTreeSet;

use crate::files::{service, services, text};
use crate::grafana::datasource;
use crate::projects::projects;

/// The services with an account.
pub(crate) const CLIENTS: [&str; 4] = ["die-service", "usage-sink", "postgres-exporter", "grafana"];

const FOLDER: &str = "stack/postgres";

/// `(database, role)`.
type Account = (String, String);

/// The clients' configuration: the user and the database of every URL.
fn told() -> BTreeSet<Account> {
    let last = projects().pop().expect("six stages");
    let mut accounts = BTreeSet::new();
    for service in &last.services {
        for value in service.map("environment").values() {
            let value = value.as_str().unwrap_or_default();
            let Some((_, rest)) = value.split_once("postgres://") else {
                continue;
            };
            let (user, rest) = rest.split_once('@').expect("a user");
            let (_, name) = rest.split_once('/').expect("a database");
            let name = name.split('?').next().unwrap_or(name);
            accounts.insert((name.to_owned(), user.to_owned()));
        }
    }
    let grafana = datasource("usage-db");
    let part = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    accounts.insert((
        part(&grafana["jsonData"]["database"]),
        part(&grafana["user"]),
    ));
    accounts
}

/// The fields of every line of pg_hba.conf.
fn rules() -> Vec<Vec<String>> {
    let file = text(&format!("{FOLDER}/pg_hba.conf"));
    let lines = file
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect()
}

#[test]
fn each_role_and_no_other_can_connect_to_its_database() {
    let mut allowed = BTreeSet::new();
    for rule in rules().iter().filter(|rule| rule[0] != "local") {
        let [kind, database, role, from, how] = &rule[..] else {
            panic!("{rule:?} has not five fields");
        };
        assert_eq!([kind, from, how], ["host", "all", "trust"], "{rule:?}");
        allowed.insert((database.clone(), role.clone()));
    }
    assert_eq!(allowed, told());
    assert_eq!(allowed.len(), CLIENTS.len());
}

#[test]
fn the_superuser_connects_through_the_socket_only() {
    let of_superuser: Vec<_> = rules()
        .into_iter()
        .filter(|rule| rule[2] == "postgres" || rule[0] == "local")
        .collect();
    assert_eq!(of_superuser, [["local", "all", "postgres", "peer"]]);
}

#[test]
fn every_role_and_database_is_created() {
    let script = text(&format!("{FOLDER}/roles.sql"));
    for (database, role) in told() {
        let made = format!("CREATE ROLE {role} LOGIN;");
        assert!(
            script.contains(&made),
            "the script does not create the role {role}"
        );
        // Every server has the database named postgres.
        let made = script.contains(&format!("CREATE DATABASE {database} OWNER "));
        assert!(
            made || database == "postgres",
            "the script does not create {database}"
        );
    }
    let clients = script
        .lines()
        .filter(|line| line.starts_with("CREATE ROLE "));
    assert_eq!(clients.count(), told().len(), "a role without a client");
}

#[test]
fn grafana_has_read_only_access() {
    let script = text(&format!("{FOLDER}/roles.sql"));
    assert!(script.contains("ALTER ROLE grafana SET default_transaction_read_only = on;"));
    let granted: Vec<&str> = script
        .lines()
        .filter(|line| line.contains("grafana;") && line.contains("GRANT"))
        .collect();
    assert_eq!(granted.len(), 1, "{granted:?}");
    assert!(
        granted[0].contains("GRANT SELECT ON TABLES TO"),
        "{granted:?}"
    );
    assert!(!script.contains("OWNER grafana"));
}

#[test]
fn the_mounted_files_are_the_ones_in_use() {
    let postgres = service("postgres");
    let mounts = postgres.binds();
    let target = |source: &str| {
        let source = format!("./{FOLDER}/{source}");
        let mount = mounts.iter().find(|mount| mount.0 == source);
        mount
            .unwrap_or_else(|| panic!("{source} is not mounted"))
            .1
            .clone()
    };
    let config = format!("config_file={}", target("postgresql.conf"));
    assert!(postgres.list("command").contains(&config), "no {config}");
    let rules = format!("hba_file = '{}'", target("pg_hba.conf"));
    assert!(
        text(&format!("{FOLDER}/postgresql.conf")).contains(&rules),
        "no {rules}"
    );
    assert!(target("roles.sql").starts_with("/docker-entrypoint-initdb.d/"));
}

/// The source of the superuser's password: random, read once, and never accepted.
const RANDOM: (&str, &str) = ("POSTGRES_PASSWORD_FILE", "/proc/sys/kernel/random/uuid");

/// No password exists that would have to be kept secret.
#[test]
fn no_password_is_anywhere() {
    for service in services() {
        for (name, value) in service.map("environment") {
            let value = value.as_str().unwrap_or_default();
            let random = (name.as_str(), value) == RANDOM;
            assert!(
                random || !name.contains("PASSWORD"),
                "{}: {name}",
                service.name
            );
            let user = value
                .split_once("postgres://")
                .and_then(|(_, rest)| rest.split_once('@'));
            let secret = user.is_some_and(|(user, _)| user.contains(':'));
            assert!(!secret, "{}: {name} holds a password", service.name);
        }
    }
    let script = text(&format!("{FOLDER}/roles.sql")).to_uppercase();
    assert!(!script.contains("PASSWORD"), "roles.sql");
    let rules = text(&format!("{FOLDER}/pg_hba.conf"));
    let mut rules = rules.lines().filter(|line| !line.starts_with('#'));
    let no_password =
        |rule: &str| rule.is_empty() || rule.ends_with("trust") || rule.ends_with("peer");
    assert!(rules.all(no_password), "pg_hba.conf accepts a password");
    let grafana = datasource("usage-db");
    assert!(grafana["secureJsonData"].is_null() && grafana["password"].is_null());
}

/// Both pools and all other clients at once.
#[test]
fn there_are_enough_connections_for_all_clients() {
    let config = text(&format!("{FOLDER}/postgresql.conf"));
    let most = config
        .lines()
        .find_map(|line| line.strip_prefix("max_connections = "));
    let most: u64 = most.expect("a number").parse().expect("a number");
    let pools = 2 * 10;
    let grafana = datasource("usage-db")["jsonData"]["maxOpenConns"].as_u64();
    // The exporter uses up to 5 connections; 3 are reserved for the superuser.
    assert!(pools + grafana.expect("a bound") + 5 + 3 <= most, "{most}");
}

/// The server must not count as healthy while the databases are being created.
#[test]
fn the_health_check_connects_by_tcp_with_an_allowed_role() {
    let test = service("postgres").it["healthcheck"]["test"].clone();
    let test = crate::files::strings(&test);
    let after = |flag: &str| {
        let at = test.iter().position(|word| word == flag);
        test[at.unwrap_or_else(|| panic!("no {flag}")) + 1].clone()
    };
    assert_eq!(after("-h"), "127.0.0.1");
    assert!(told().contains(&(after("-d"), after("-U"))), "{test:?}");
}
