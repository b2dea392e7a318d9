//! However a drill ends, its fault ends with it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use faults::{Fault, Flags};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Child;

use crate::{Place, is_over, stderr};

fn signal(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id().expect("running")).expect("small");
    kill(Pid::from_raw(pid), signal).expect("our own child");
}

#[tokio::test]
async fn after_ctrl_c_and_sigterm_every_fault_is_off() {
    for stop in [Signal::SIGINT, Signal::SIGTERM] {
        let place = Place::new();
        let mut child = place.begun(Fault::SlowDieService).await;
        assert!(place.flags().is_hidden());
        // Its end would be the end of the drill.
        let _input = child.stdin.take();
        signal(&child, stop);
        let output = child.wait_with_output().await.expect("it ends");
        assert_eq!(output.status.code(), Some(130), "{output:?}");
        assert_eq!(place.flags(), Flags::default(), "{stop}");
        let said = stderr(&output);
        assert!(said.contains("every fault is off"), "{said}");
        assert!(!said.contains("slow-die-service"), "{said}");
    }
}

#[tokio::test]
async fn after_sigkill_the_lease_ends_and_the_next_drill_cleans_up() {
    let place = Place::new();
    let mut child = place.begun(Fault::SlowDieService).await;
    signal(&child, Signal::SIGKILL);
    child.wait().await.expect("it ends");
    let mut left = place.flags();
    assert!(left.strength(Fault::SlowDieService).is_some(), "{left:?}");
    // Services take that for granted only as long as the lease lasts.
    let soon = SystemTime::now() + Duration::from_secs(15);
    assert!(left.has_expired(soon), "{left:?}");
    assert_eq!(left.clone().in_force(soon), Flags::default());
    let next = [
        "--fault=none",
        "--delay=0s",
        "--after=0s",
        "--answers=service=none",
    ];
    let refused = place.run(&next).await;
    if refused.status.success() {
        // The machine is so slow that the lease has ended already.
        return;
    }
    let said = stderr(&refused);
    assert!(said.contains("another drill is running"), "{said}");
    assert!(said.contains("wait"), "{said}");
    // The time when it has ended.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("later");
    left.set_lease(Some(now.as_secs() - 1));
    left.write(&place.file).expect("a file");
    assert!(is_over(&place.flags()));
    let output = place.run(&next).await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(place.flags(), Flags::default());
}

#[tokio::test]
async fn a_running_drill_renews_its_lease_and_keeps_others_away() {
    let place = Place::new();
    let mut child = place.begun(Fault::SlowDieService).await;
    let _input = child.stdin.take();
    let first = place.flags().lease().expect("a lease");
    testkit::eventually("a renewal", || async {
        Flags::read(&place.file)
            .ok()?
            .lease()
            .filter(|lease| *lease > first)
    })
    .await;
    let output = place.run(&["--fault=none"]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(place.flags().strength(Fault::SlowDieService).is_some());
    signal(&child, Signal::SIGINT);
    child.wait_with_output().await.expect("it ends");
}
