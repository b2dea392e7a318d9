//! Messages for wrong flags, for help, and for services that are not running.

use crate::run::traffic_gen;

/// A port that nothing listens on.
const NOWHERE: &str = "http://127.0.0.1:1";

#[tokio::test]
async fn wrong_flags_are_explained() {
    let cases: [(&[&str], &str); 16] = [
        (
            &["compare", "--times", "0"],
            "must be a whole number from 1 to 20",
        ),
        (
            &["compare", "--times", "21"],
            "must be a whole number from 1 to 20",
        ),
        (
            &["users", "--frontend-url", "localhost:8108"],
            "not a URL with scheme and host",
        ),
        (
            &["users", "--frontend-url", "https://x"],
            "https is not supported",
        ),
        (&["users", "--users", "0"], "0 is not in 1..=10000"),
        (
            &["users", "--think-min", "3s"],
            "--think-min 3s is longer than --think-max 2s",
        ),
        (&["users", "--dice", "fair"], "is not a mix of dice"),
        (&["load", "--duration", "500000000000y"], "longer than 24h"),
        (
            &["load", "--warm-up", "soon"],
            "expected a duration up to 24h",
        ),
        (&["resilience", "--duration", "25h"], "longer than 24h"),
        (&["users", "--think-max", "2d"], "longer than 24h"),
        (
            &["direct", "--timeout", "0s"],
            "a timeout must be 1ms or longer",
        ),
        (
            &["reconcile", "--usage-database-url", "localhost:5432"],
            "not the URL of a database, as in postgres://",
        ),
        (
            &["lod", "--rate", "1"],
            "a similar subcommand exists: 'load'",
        ),
        (
            &["load", "--rate", "0"],
            "expected a number of requests a second",
        ),
        (
            &["resilience", "--during", "true", "--at", "2m"],
            "--at 120s must be earlier than the end of --duration",
        ),
    ];
    for (arguments, explanation) in cases {
        let finished = traffic_gen(arguments).await;
        assert_eq!(finished.code, Some(2), "{arguments:?}: {finished:?}");
        assert!(
            finished.stderr.contains(explanation),
            "{arguments:?}: {finished:?}"
        );
    }
}

#[tokio::test]
async fn an_unreachable_service_is_named_in_one_line() {
    let cases: [(&[&str], &str); 6] = [
        (&["--frontend-url", NOWHERE], "cannot reach the frontend"),
        (
            &["compare", "--frontend-url", NOWHERE],
            "cannot reach the frontend",
        ),
        (&["load", NOWHERE], "cannot reach the target"),
        (
            &["direct", "--die-service-url", NOWHERE],
            "cannot reach die-service",
        ),
        (
            &["database", "--die-service-url", NOWHERE],
            "cannot reach die-service",
        ),
        (
            &["reconcile", "--frontend-url", NOWHERE],
            "cannot reach the frontend",
        ),
    ];
    for (arguments, name) in cases {
        let finished = traffic_gen(arguments).await;
        assert_eq!(finished.code, Some(3), "{arguments:?}: {finished:?}");
        let lines: Vec<&str> = finished.stderr.lines().collect();
        let [line] = lines[..] else {
            panic!("{arguments:?}: {finished:?}");
        };
        for part in [name, NOWHERE, "cargo run --release", "docker compose up"] {
            assert!(line.contains(part), "{arguments:?}: {part} in {line}");
        }
    }
}

#[tokio::test]
async fn help_documents_modes_variables_and_exit_codes() {
    let help = traffic_gen(&["--help"]).await.stdout;
    let modes = [
        "users",
        "compare",
        "load",
        "direct",
        "database",
        "resilience",
        "reconcile",
    ];
    for mode in modes {
        assert!(help.contains(&format!("\n  {mode} ")), "{mode} in {help}");
        let help = traffic_gen(&[mode, "--help"]).await.stdout;
        let flags = help
            .lines()
            .filter(|line| line.trim_start().starts_with("--"));
        let flags = flags
            .filter(|flag| !flag.trim_start().starts_with("--help"))
            .count();
        let variables = help.matches("[env: ").count();
        // -q, --quiet does not begin with its long form; load's targets are not a flag.
        let others = if mode == "load" { 2 } else { 1 };
        assert_eq!(variables, flags + others, "{help}");
    }
    assert!(help.contains("Exit codes:"), "{help}");
}

#[tokio::test]
async fn flags_without_a_mode_are_for_users() {
    let users = traffic_gen(&["users", "--help"]).await;
    let finished = traffic_gen(&["--users", "3", "--help"]).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(finished.stdout, users.stdout);
    let finished = traffic_gen(&["--quiet", "load", NOWHERE]).await;
    assert!(finished.stderr.contains("the target"), "{finished:?}");
}

#[tokio::test]
async fn the_usage_says_that_a_mode_can_be_left_out() {
    for help in ["-h", "--help"] {
        let help = traffic_gen(&[help]).await.stdout;
        assert!(
            help.contains("Usage: traffic-gen [OPTIONS] [MODE]"),
            "{help}"
        );
        assert!(!help.contains("<COMMAND>"), "{help}");
        assert!(help.contains("Modes:"), "{help}");
    }
}

#[tokio::test]
async fn the_short_help_covers_the_mode_and_the_long_help_adds_telemetry() {
    for mode in [
        "users",
        "compare",
        "load",
        "direct",
        "database",
        "resilience",
    ] {
        let short = traffic_gen(&[mode, "-h"]).await.stdout;
        assert!(short.lines().count() <= 60, "{short}");
        assert!(!short.contains("--otlp-endpoint"), "{short}");
        let long = traffic_gen(&[mode, "--help"]).await.stdout;
        assert!(long.contains("--otlp-endpoint"), "{long}");
    }
}

#[tokio::test]
async fn the_original_knobs_keep_their_names() {
    let knobs = [
        ("users", "NUM_USERS"),
        ("users", "MAX_ROLLS_PER_USER"),
        ("users", "ASYNC_PROBABILITY"),
        ("users", "MAX_ASYNC_ROLLS"),
        ("users", "FRONTEND_URL"),
        ("reconcile", "DICE_ROLLER_URL"),
        ("direct", "DIE_SERVICE_URL"),
        ("database", "QUERIES_PER_SECOND"),
        ("database", "DURATION_SECONDS"),
        ("database", "LIST_TO_GET_RATIO"),
    ];
    for (mode, variable) in knobs {
        let help = traffic_gen(&[mode, "--help"]).await.stdout;
        // URLs may contain passwords, so help hides the values of these variables.
        let shown = ["[env: VARIABLE=]", "[env: VARIABLE]"];
        let shown = shown.map(|shown| shown.replace("VARIABLE", variable));
        assert!(
            shown.iter().any(|shown| help.contains(shown)),
            "{variable} in {help}"
        );
    }
}
