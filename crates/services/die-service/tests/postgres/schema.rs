//! The schema: created from nothing, upgraded from an older version, and not changed if it is
//! newer.

use testkit::postgres;

use crate::support::{fair, ready, start, start_ready};

#[tokio::test]
async fn an_older_schema_is_upgraded_and_keeps_its_dice() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let ask = |sql: &'static str| postgres.execute("postgres", sql);
    let (_, lines) = start_ready(&postgres, &[]).await.terminate().await;
    assert!(
        lines
            .iter()
            .any(|line| line["message"] == "The database is ready")
    );
    // The state after the first release, with one die added by the owner and one changed.
    ask("ALTER TABLE dice DROP CONSTRAINT identifier_is_plain, \
        DROP CONSTRAINT faces_can_be_rolled, DROP CONSTRAINT error_rate_is_a_share; \
        DELETE FROM _sqlx_migrations WHERE version > 1; \
        INSERT INTO dice VALUES ('golden', '{8}', 0); \
        UPDATE dice SET error_rate = 0.25 WHERE identifier = 'risky'")
    .await
    .expect("an older schema");

    let service = start_ready(&postgres, &[]).await;
    let versions = ask("SELECT version FROM _sqlx_migrations WHERE success ORDER BY 1").await;
    assert_eq!(versions.expect("versions"), "1\n2");
    let dice = ask("SELECT identifier, error_rate FROM dice ORDER BY 1").await;
    assert_eq!(
        dice.expect("dice"),
        "extreme|0.5\nfair|0\ngolden|0\nrisky|0.25"
    );
    assert_eq!(
        service
            .metrics()
            .await
            .value("die_specifications_loaded", &[]),
        4.0
    );
    for wrong in [
        "INSERT INTO dice VALUES ('Golden', '{8}', 0)",
        "INSERT INTO dice VALUES ('unknown', '{8}', 0)",
        "INSERT INTO dice VALUES ('empty', '{}', 0)",
        "INSERT INTO dice VALUES ('high', '{9}', 0)",
        "INSERT INTO dice VALUES ('sure', '{1}', 1.5)",
    ] {
        let refused = ask(wrong).await.expect_err(wrong).to_string();
        assert!(
            refused.contains("violates check constraint"),
            "{wrong}: {refused}"
        );
    }
}

#[tokio::test]
async fn a_newer_schema_is_not_changed() {
    let Some(postgres) = postgres().await else {
        return;
    };
    start_ready(&postgres, &[]).await.terminate().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
        VALUES (99, 'of tomorrow', true, '', 0)";
    postgres.execute("postgres", newer).await.expect("a row");
    let service = start(&postgres, &[]).await;
    let not_ready = "The database is not ready; retrying";
    let warning = service.line_with(not_ready).await;
    let cause = warning["cause"].as_str().unwrap_or_default();
    assert!(cause.contains("99"), "{cause}");
    assert_eq!(fair(&service).await.0, 503);
    postgres
        .execute(
            "postgres",
            "DELETE FROM _sqlx_migrations WHERE version = 99",
        )
        .await
        .expect("it is deleted");
    ready(&service).await;
}

#[tokio::test]
async fn two_services_that_start_at_once_share_one_schema() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let (one, two) = tokio::join!(start_ready(&postgres, &[]), start_ready(&postgres, &[]));
    assert_eq!(fair(&one).await, fair(&two).await);
    let dice = postgres
        .execute("postgres", "SELECT count(*) FROM dice")
        .await;
    assert_eq!(dice.expect("a count"), "3");
}
