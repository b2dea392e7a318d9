//! The whole system's books: what was rolled is what was counted, traced and logged; and the doctor
//! finds every hop.

use tokio::process::Command;

use crate::demo::Demo;
use crate::support::PROGRAM;

#[tokio::test]
async fn every_roll_sent_is_counted_traced_and_logged_while_others_roll() {
    let logs = format!("{}/books", env!("CARGO_TARGET_TMPDIR"));
    let _ = std::fs::remove_dir_all(&logs);
    let demo = Demo::start(&["--log-dir", &logs]).await;
    let mut arguments = demo.urls();
    arguments.push(format!("--tempo={}", demo.url(4, "")));
    arguments.push(format!("--otlp-endpoint={}", demo.url(3, "")));
    for service in ["frontend", "dice-roller", "die-service"] {
        arguments.push(format!("--log-file={logs}/{service}.log"));
    }
    let mut reconcile = Command::new(PROGRAM);
    reconcile
        .args(["service", "traffic-gen", "reconcile", "--seed=7"])
        .args(arguments);
    let output = reconcile.output().await.expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    println!("{said}");
}

#[tokio::test]
async fn the_doctor_follows_a_roll_and_notices_what_is_gone() {
    let demo = Demo::start(&["--no-traffic"]).await;
    let mut arguments = demo.urls();
    arguments.push(format!("--tempo-url={}", demo.url(4, "")));
    arguments.push("--patience=5s".to_owned());
    let examine = || {
        Command::new(PROGRAM)
            .arg("doctor")
            .args(&arguments)
            .output()
    };
    let healthy = examine().await.expect("it runs");
    assert!(
        healthy.status.success(),
        "{}",
        String::from_utf8_lossy(&healthy.stdout)
    );
    demo.kill_service(0);
    let ill = examine().await.expect("it runs");
    assert_eq!(
        ill.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&ill.stdout)
    );
    assert!(String::from_utf8_lossy(&ill.stdout).contains("die-service"));
}
