//! The pool: its limit, and clients that disconnect early. The tests of `database` show its metrics.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use local_postgres::LocalPostgres;
use testkit::{Process, eventually, postgres};

use crate::support::{Locked, fair, start_ready};

/// The pool's open and idle connections.
async fn pool(service: &Process) -> [f64; 2] {
    let metrics = service.metrics().await;
    ["size", "available"]
        .map(|what| metrics.value(&format!("database_connection_pool_{what}"), &[]))
}

/// The number of sessions of the service at the server.
async fn sessions(postgres: &LocalPostgres) -> usize {
    let count = "SELECT count(*) FROM pg_stat_activity \
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name = ''";
    let count = postgres.execute("postgres", count).await;
    count.expect("a count").parse().expect("a number")
}

#[tokio::test]
async fn a_full_pool_answers_503_in_time() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let service = start_ready(
        &postgres,
        &["--database-pool-size=2", "--database-timeout=2s"],
    )
    .await;
    let locked = Locked::start(&postgres).await;
    let start = std::time::Instant::now();
    let answers = join_all((0..20).map(|_| fair(&service))).await;
    let took = start.elapsed();
    for (status, problem) in answers {
        assert_eq!(status, 503, "{problem}");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.contains("database"), "{detail}");
    }
    // With two connections, 20 sequential requests would take this long.
    assert!(took < Duration::from_secs(20), "took {took:?}");
    locked.release().await;
    eventually("an answer", || async {
        (fair(&service).await.0 == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn disconnected_clients_release_their_connections() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let service = start_ready(
        &postgres,
        &["--database-pool-size=3", "--database-timeout=30s"],
    )
    .await;
    let url = service.url("/dice?identifier=fair");
    for _ in 0..3 {
        let locked = Locked::start(&postgres).await;
        let impatient = testkit::client_with(|it| it.timeout(Duration::from_millis(200)));
        let requests = (0..30).map(|_| impatient.get(&url).send());
        let answers = join_all(requests).await;
        assert!(
            answers.iter().all(Result::is_err),
            "all clients disconnected"
        );
        locked.release().await;
    }
    eventually("every connection to be idle again", || async {
        let [size, available] = pool(&service).await;
        (size == available).then_some(())
    })
    .await;
    assert!(sessions(&postgres).await <= 3);
    let answers = join_all((0..30).map(|_| fair(&service))).await;
    assert!(
        answers.iter().all(|(status, _)| *status == 200),
        "{answers:?}"
    );
}

#[tokio::test]
async fn a_thousand_clients_share_ten_connections() {
    let Some(postgres) = postgres().await else {
        return;
    };
    let room = ["--max-in-flight=2000", "--max-connections=2000"];
    let service = start_ready(&postgres, &room).await;
    let client = testkit::client();
    let url = service.url("/dice?identifier=fair");
    let clients = (0..1_000).map(|_| {
        let (client, url) = (client.clone(), url.clone());
        tokio::spawn(async move {
            let mut statuses = Vec::new();
            for _ in 0..3 {
                let answer = client.get(&url).send().await.expect("an answer");
                statuses.push(answer.status().as_u16());
            }
            statuses
        })
    });
    let mut statuses: BTreeMap<u16, u32> = BTreeMap::new();
    for client in join_all(clients).await {
        for status in client.expect("no panic") {
            *statuses.entry(status).or_default() += 1;
        }
    }
    println!("answers by status: {statuses:?}");
    assert!(
        statuses.keys().all(|status| matches!(status, 200 | 503)),
        "{statuses:?}"
    );
    assert!(statuses[&200] > 0, "{statuses:?}");
    assert!(sessions(&postgres).await <= 10);
    assert_eq!(fair(&service).await.0, 200);
}
